/** Small drawings of buttons, 24 by 24. */

export const ICONS = {
  theme: "M12 3a9 9 0 1 0 0 18V3Zm0 0a9 9 0 0 1 0 18",
  node: "M12 13v8M8 21h8M9 10a3 3 0 1 1 6 0M5.500 13.500a8 8 0 1 1 13 0",
  layers: "M12 3 2.500 8 12 13l9.500-5L12 3ZM2.500 12 12 17l9.500-5M2.500 16 12 21l9.500-5",
  desk: "M3 6h6l2 2h10v11H3Z",
  list: "M4 6h16M4 12h16M4 18h16",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 4v5l3.5 2",
  help: "M9.2 9a2.8 2.8 0 1 1 4.2 2.5c-.9.5-1.4 1.1-1.4 2.2M12 17.2v.1",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  home: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  close: "M6 6l12 12M18 6 6 18",
  play: "M8 5v14l11-7Z",
  pause: "M8 5v14M16 5v14",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm4.8 11.3L20 20",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1",
  follow: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-6v4m0 12v4M2 12h4m12 0h4",
  only: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12Zm10-3a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
  labels: "M4 7V5h16v2M12 5v14M9 19h6",
  profile: "M3 19h18M4 16c4 0 4-9 8-9s4 9 8 9",
  messages: "M4 5h16v11H9l-5 4Z",
} as const;
