/** What the list of raw messages says. */

export const MESSAGES_WORDS = {
  title: "Raw messages",
  none: "Select an aircraft on the map or in the list (key v): what was received of it is listed here, bit by bit.",
  notKept: "This node keeps no raw messages of that time.",
  nothing: "No message of it was received in that time.",
  read: (count: number, from: string, until: string): string =>
    `${count} message${count === 1 ? "" : "s"}, newest first, from ${from} to ${until} UTC`,
  many: "So much was received then that only a part of it was read.",
  pause: "Pause",
  go: "Go on",
  earlier: "Earlier",
  earlierHelp: "Messages before those",
  kinds: "Kind of message",
  allKinds: "All kinds",
  list: "Messages, newest first",
  repaired: (bit: number): string => `bit ${bit} was wrong and is repaired below`,
  repairedShort: "1 bit repaired",
  fields: (frame: string): string => `What each bit of ${frame} says`,
  bits: "Bits",
  field: "Field",
  says: "Says",
  proved: "the parity proves the address",
  notProved: "the address is not proved by the parity",
  own: "Explain a frame",
  ownHelp: "14 or 28 hexadecimal digits",
  explain: "Explain",
  parts: {
    frame: "Frame", message: "Message in it", meaning: "From several fields", parity: "Parity", register: "Which register it may be",
  },
  noReceiver: "receiver not told",
} as const;
