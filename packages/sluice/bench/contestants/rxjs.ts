import { concatMap, from, lastValueFrom, mergeMap, tap } from 'rxjs'
import { concurrency, type Contestants, items } from '../contest.ts'

export const contestants: Contestants = {
  handOffs: {
    async concatMap(count, check) {
      const handled = from(items(count)).pipe(concatMap(async (item) => check(item)))
      await lastValueFrom(handled)
    },
  },
  mappings: {
    async mergeMap(count, task, check) {
      await lastValueFrom(from(items(count)).pipe(mergeMap(task, concurrency), tap(check)))
    },
  },
}
