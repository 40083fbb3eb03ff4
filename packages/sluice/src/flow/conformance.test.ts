import { describe, test } from 'node:test'
import { conformsToOperator, type OperatorUnderTest } from '../testing/index.ts'
import { subjects } from './subjects.ts'

for (const [name, subject] of Object.entries<OperatorUnderTest>(subjects)) {
  describe(name, () => {
    for (const one of conformsToOperator(subject)) test(one.name, one.run)
  })
}
