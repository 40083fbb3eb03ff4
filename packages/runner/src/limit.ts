/** Cutting text to a number of UTF-8 bytes without breaking a character. */

/** The longest prefix of `text` of at most `limitBytes` bytes in UTF-8, made of whole code points. */
export function cutToBytes(text: string, limitBytes: number): { text: string; bytes: number; isCut: boolean } {
  // Three bytes a UTF-16 unit is the most there can be.
  if (text.length * 3 <= limitBytes) return { text, bytes: byteLength(text, text.length), isCut: false }
  let bytes = 0
  let index = 0
  while (index < text.length) {
    const point = text.codePointAt(index) as number
    const size = sizeOf(point)
    if (bytes + size > limitBytes) return { text: text.slice(0, index), bytes, isCut: true }
    bytes += size
    index += point > 0xffff ? 2 : 1
  }
  return { text, bytes, isCut: false }
}

function byteLength(text: string, end: number): number {
  let bytes = 0
  for (let index = 0; index < end; index++) {
    const point = text.codePointAt(index) as number
    bytes += sizeOf(point)
    if (point > 0xffff) index++
  }
  return bytes
}

function sizeOf(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
}
