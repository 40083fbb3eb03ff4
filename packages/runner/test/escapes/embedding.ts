import type { Browser } from 'playwright-core'
import type { Hosts } from './hosts.ts'
import type { Score } from './suite.ts'
export function embedding(_open: () => { browser: Browser; hosts: Hosts }, _score: Score): void {}
