import { from } from 'ix/asynciterable'
import { map } from 'ix/asynciterable/operators'
import { type Contestants, items } from '../contest.ts'

export const contestants: Contestants = {
  handOffs: {
    async map(count, check) {
      for await (const item of from(items(count)).pipe(map((item) => item))) check(item)
    },
  },
}
