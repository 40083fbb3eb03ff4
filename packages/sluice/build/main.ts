/** `npm run build -w @viva/sluice`: the package into `dist`; `npm publish ./packages/sluice/dist` publishes it. */

import { join, relative } from 'node:path'
import { buildPackage } from './package.ts'

const folder = join(import.meta.dirname, '..', 'dist')
buildPackage(folder)
console.log(`Built into ${relative(process.cwd(), folder)}`)
