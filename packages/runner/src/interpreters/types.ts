/** Stripping types from TypeScript, lines kept. */
import { transform } from 'sucrase'

/** JavaScript with the same line numbers. Enums, namespaces and parameter properties are compiled. */
export function stripTypes(source: string): string {
  try {
    return transform(source, { transforms: ['typescript'], disableESTransforms: true, keepUnusedImports: false }).code
  } catch (error) {
    // Sucrase says "Error parsing fence.ts: Unexpected token (3:5)".
    const message = error instanceof Error ? error.message.replace(/^Error transforming [^:]*: /, '') : String(error)
    throw new SyntaxError(message)
  }
}
