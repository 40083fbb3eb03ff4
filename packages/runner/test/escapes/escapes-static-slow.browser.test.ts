/** The escape suite: fences in engines that start slowly, against a static host that sends no security header. */
import { escapeSuite } from './suite.ts'

await escapeSuite('static', 'slow')
