/** Error lines: the name must be right; how much of the message must be, depends on who wrote it. */

export type ErrorLine = { name: string; message: string; isUncaught: boolean; isMessageFree: boolean }

const pattern = /^(Uncaught\s+)?((?:[A-Za-z]\w*\.)*[A-Z]\w*(?:Error|Exception)|Error|E\d{4,})\b:?\s*(.*)$/s
const sqlPattern = /^(ERROR|Error):\s+(.*)$/s

/** Errors that only an engine throws, or almost. */
const engineNames =
  /^(KeyError|IndexError|ZeroDivisionError|AttributeError|NameError|UnboundLocalError|RecursionError|E\d{4,})$/

/** How V8 and CPython word their errors; any other message was written by the program. */
const engineWords =
  /\bis not (a function|defined|iterable|a constructor|an object|extensible|valid JSON|subscriptable|callable)|[Cc]annot (read|set|access|assign|add|delete|define|destructure|convert|mix|perform|redefine|be invoked)|Assignment to constant|Unexpected |Unterminated|Invalid (or unexpected|array|left-hand|count|regular|time|string|date)|Maximum call stack|already been declared|before initialization|Class constructor|Named export|could not be cloned|Reduce of empty|Converting circular|called on|unsupported operand|invalid literal|can only concatenate|object has no attribute|missing \d+ required/

/** Words of the vocabulary that engines share: they say nothing about which failure it was. */
const common = new Set(
  `a an and as at be by can cannot can't could did do does error exception evaluating for from has have in is it its no not
of on or object access properties property promise read reading that the this throw thrown throws to uncaught was while with`.split(
    /\s+/,
  ),
)

export function readErrorLine(line: string, language: string): ErrorLine | undefined {
  const text = line.trim()
  const isSql = language === 'sql' || language === 'sqlite'
  const found = isSql ? sqlPattern.exec(text) : undefined
  if (found) return { name: 'error', message: found[2]!, isUncaught: false, isMessageFree: true }
  const match = isSql ? null : pattern.exec(text)
  if (!match) return undefined
  const [, uncaught, name = '', message = ''] = match
  const isMessageFree = message !== '' && (engineNames.test(name) || (name !== 'Error' && engineWords.test(message)))
  return { name, message, isUncaught: uncaught !== undefined, isMessageFree }
}

/** Whether a prediction names this error. Message words that it does write must be right. */
export function isSameError(expected: ErrorLine, given: string): boolean {
  const text = given
    .trim()
    .replace(/^Uncaught \(in promise\)/i, 'Uncaught')
    .replace(/^(it )?throws (an? )?/i, '')
  const isUncaught = /^uncaught\b/i.test(text)
  if (isUncaught && !expected.isUncaught && expected.name !== 'error') return false
  const rest = text.replace(/^uncaught\s+/i, '').replace(/^MongoServerError:\s*/, '')
  const name = /^[A-Za-z]\w*(?:\.\w+)*/.exec(rest)?.[0] ?? ''
  const isNamed = name.toLowerCase() === expected.name.toLowerCase()
  if (!expected.isMessageFree) return false
  if (isNamed) return agrees(expected.message, rest.slice(name.length))
  // An SQL error has no name of its own: its message stands for it.
  if (expected.name === 'error' || /^E\d/.test(expected.name))
    return stems(rest).length >= 2 && agrees(expected.message, rest)
  return false
}

/** No word of `given` contradicts the message. */
function agrees(message: string, given: string): boolean {
  const known = new Set(stems(message))
  const words = stems(given)
  return words.every((word) => known.has(word))
}

/** `violates` and `violated` are one word; `user.tags.map` is three. */
function stems(text: string): string[] {
  return (text.toLowerCase().match(/[\w$#']+/g) ?? [])
    .map((word) => word.replace(/^'+|'+$/g, ''))
    .filter((word) => word !== '' && !common.has(word))
    .map((word) => word.replace(/(ation|ing|ed|es|s)$/, ''))
}
