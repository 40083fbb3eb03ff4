/** The folder for what is made once a version. Ignored by git. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const cacheFolder = join(dirname(fileURLToPath(import.meta.url)), '../../../../.cache/runner')
