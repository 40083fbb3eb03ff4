import type { Interpreter, Realm } from '../interpreter.ts'
export function loadMongodb(_realm: Realm): Promise<Interpreter> {
  throw new Error('soon')
}
