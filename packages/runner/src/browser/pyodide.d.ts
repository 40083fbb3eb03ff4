/** Pyodide's two modules carry no types of their own at these paths. */
declare module 'pyodide/pyodide.asm.mjs' {
  const createPyodideModule: unknown
  export default createPyodideModule
}
declare module 'pyodide/pyodide.mjs' {
  export const loadPyodide: unknown
}
