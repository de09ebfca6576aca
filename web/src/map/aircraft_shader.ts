/**
 * How an aircraft is drawn. What its position is can be told without its colour: whole, hollow where receivers reckoned it,
 * banded where a ground station told it, a broken outline where it is carried on, a bar below on the ground, a ring in an
 * emergency; it fades when nothing is heard.
 */

import { STOPS_FT } from "./palette";
import { preamble } from "./placing";
import { COLUMNS, SHAPES } from "./shapes";

export const SELECTED = 1;
export const EMERGENCY = 2;
export const GROUND = 4;
export const DIMMED = 8;
/** Reckoned from times of arrival, not the aircraft's own word. */
export const DERIVED = 16;
export const HIDDEN = 32;
/** Told by a ground station. */
export const RELAYED = 64;
/** Moved towards a place that is known, not carried on. */
export const LED = 128;

/** Vectors of four numbers that tell of an aircraft. */
export const VECTORS = 4;
/** A place that is older is shown as carried on. */
export const OLD_S = 12;
/** From here on an aircraft fades, and here it has faded. */
const FADE_S = [20, 75] as const;
const LAST = STOPS_FT.length - 1;

/** Most is reckoned here, four times an aircraft and not once a pixel; the quad is no larger than what is drawn in it. */
export const vertexShader = (isGlobe: boolean): string => `${preamble(isGlobe, VECTORS)}
#define look vector(3)     // altitude ft, shape, size, flags
uniform float scale, copy, pace, span, faded;
uniform vec3 ramp[${LAST + 1}];
uniform float stops[${LAST + 1}];
uniform vec3 bounds[${SHAPES.length}];
uniform vec3 ground, unknown, halo, selected, emergency;
out vec2 uv;
out vec2 across;        // pixels from its middle, y down: along it, and as on the screen
out vec2 level;
flat out vec4 body;     // with its strength
flat out vec4 rim;      // with its width, pixels
flat out float wide;    // screen pixels that the distance field spans
flat out float reach;   // radius of a ring about it, pixels
flat out int marks;
void main() {
  int flags = int(look.w);
  vec2 at = movedOn();
  at.x += copy - round(at.x);
  vec2 ahead;
  gl_Position = drawn(at, ahead);
  // Nothing more is reckoned for those that cannot be seen.
  if (any(greaterThan(abs(gl_Position.xy), vec2(gl_Position.w) + 48.0 * pixel * gl_Position.w))) {
    gl_Position = NOWHERE;
    return;
  }
  bool isSelected = (flags & ${SELECTED}) != 0;
  bool isUrgent = (flags & ${EMERGENCY}) != 0;
  float half_ = look.z * scale * (isSelected ? 1.25 : 1.0);
  int shape = int(look.y);
  // A mark beside the silhouette needs the whole square.
  bool isWhole = (flags & ${EMERGENCY | GROUND}) != 0;
  float width = isSelected || isUrgent ? 2.6 : 1.4;
  vec3 box = isWhole ? vec3(1.0, -1.0, 1.0) : bounds[shape] + vec3(1.0, -1.0, 1.0) * (width + 0.8) / half_;
  vec2 inSquare = clamp(vec2((corner.x * 2.0 - 1.0) * box.x, corner.y < 0.5 ? box.y : box.z), -1.0, 1.0);
  across = inSquare * half_;
  vec2 turned = vec2(across.x * ahead.y - across.y * ahead.x, across.x * ahead.x + across.y * ahead.y);
  level = turned;
  gl_Position.xy += vec2(turned.x, -turned.y) * pixel * gl_Position.w;
  uv = (vec2(float(shape % ${COLUMNS}), float(shape / ${COLUMNS})) + inSquare * 0.5 + 0.5)
    / vec2(${COLUMNS}.0, ${Math.ceil(SHAPES.length / COLUMNS)}.0);
  wide = span * look.z * (isSelected ? 1.25 : 1.0);
  width = min(width, wide - 1.0);
  reach = half_ * 0.86;

  float altitude = look.x;
  vec3 own = ramp[0];
  for (int i = 0; i < ${LAST}; i++) own = mix(own, ramp[i + 1], clamp((altitude - stops[i]) / (stops[i + 1] - stops[i]), 0.0, 1.0));
  if (altitude < -90000.0) own = unknown;
  if ((flags & ${GROUND}) != 0) own = ground;
  if (isUrgent) own = mix(own, emergency, 0.75 + 0.25 * sin(now * 5.0));
  // Played fast, a picture is old in the time that is shown long before it is old to the eye.
  float seen = (now - shift.w) / pace;
  float fade = mix(1.0, faded, smoothstep(${FADE_S[0].toFixed(1)}, ${FADE_S[1].toFixed(1)}, seen));
  if ((flags & ${DIMMED}) != 0) fade *= 0.22;
  body = vec4(own, fade);
  rim = vec4(isSelected ? selected : isUrgent ? emergency : halo, width);
  bool isCarried = (flags & ${LED | GROUND}) == 0 && (now - motion.z) / pace > ${OLD_S.toFixed(1)};
  marks = (flags & ${EMERGENCY | GROUND}) | (isCarried ? 1 : flags & ${DERIVED | RELAYED});
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
in vec2 uv, across, level;
flat in vec4 body, rim;
flat in float wide, reach;
flat in int marks;
uniform sampler2D atlas;
out vec4 colour;
void main() {
  float d = (texture(atlas, uv).r * 255.0 - 128.0) / 127.0 * wide;  // screen pixels inside the edge
  float inside = smoothstep(-0.6, 0.6, d);
  float around = smoothstep(-rim.w - 0.7, -rim.w + 0.5, d) * 0.9 * (1.0 - inside);
  if (marks != 0) {
    float hollow = 1.0 - smoothstep(0.9, 1.7, d);
    if ((marks & 1) != 0) {
      // Carried on: dashes of an outline.
      float dash = smoothstep(0.35, 0.65, abs(fract((across.x + across.y) / 5.0) * 2.0 - 1.0));
      inside *= hollow * dash;
      around *= dash;
    } else if ((marks & ${DERIVED}) != 0) inside *= hollow;
    else if ((marks & ${RELAYED}) != 0) inside *= smoothstep(0.3, 0.6, abs(fract(across.y / 4.5) * 2.0 - 1.0));
    if ((marks & ${EMERGENCY}) != 0) inside = max(inside, 1.0 - smoothstep(0.7, 1.5, abs(length(level) - reach)));
    if ((marks & ${GROUND}) != 0) {
      vec2 bar = abs(level - vec2(0.0, reach * 0.93)) - vec2(reach * 0.45, 0.6);
      inside = max(inside, 1.0 - smoothstep(0.0, 0.9, max(bar.x, bar.y)));
    }
    around *= 1.0 - inside;
  }
  colour = vec4(body.rgb * inside + rim.rgb * around, inside + around) * body.a;
}`;
