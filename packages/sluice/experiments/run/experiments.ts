/** All experiments, in the order in which they are listed. */

import { broker } from './broker.ts'
import { burst } from './burst.ts'
import { chain } from './chain.ts'
import { cpu } from './cpu.ts'
import type { Experiment } from './experiment.ts'
import { priorities } from './priorities.ts'
import { retryStorm } from './retry-storm.ts'
import { slow } from './slow.ts'
import { stream } from './stream.ts'
import { sweep } from './sweep.ts'

export const experiments: readonly Experiment[] = [
  sweep,
  burst,
  slow,
  cpu,
  retryStorm,
  priorities,
  chain,
  stream,
  broker,
]
