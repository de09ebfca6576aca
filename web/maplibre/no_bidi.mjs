// Text from right to left: names of the base map and of aircraft are in Latin letters. 10 kB less.
export default function bidiFactory() {
  return {
    getEmbeddingLevels: (text) => ({ levels: new Uint8Array(text.length), paragraphs: [{ start: 0, end: text.length - 1, level: 0 }] }),
    getBidiCharTypeName: () => "L",
    getMirroredCharacter: () => null,
  };
}
