export async function runHere(..._: any[]): Promise<any> {
  throw new Error('not yet')
}
