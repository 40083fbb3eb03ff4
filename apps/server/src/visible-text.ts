/**
 * Text made safe for a terminal and for log files: invisible and control characters become
 * `\uXXXX`.
 */

/**
 * Controls (C0, DEL, C1), formatting characters (bidi, zero-width, tags), line and paragraph
 * separators, lone surrogates, and everything else that Unicode tells renderers to draw as nothing
 * (variation selectors, fillers).
 */
const unsafe = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Replaces every character that could steer a terminal, reorder or hide text. Line feed and tab
 * stay. Each UTF-16 unit becomes `\uXXXX`, so JSON text stays JSON and parses to the same value.
 */
export function visibleText(text: string): string {
  return text.replaceAll(unsafe, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}
