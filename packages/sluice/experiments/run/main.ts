/**
 * `npm run experiment -w @viva/sluice -- NAME`: real processes on loopback, measured. Writes NAME.json and NAME.svg beside this folder.
 *
 * `--list` names them all, `--quick` is shorter and writes nothing, `--only ours,bare` runs some contestants and writes nothing, `--redraw` draws the pictures
 * again from the records.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { experiments } from './experiments.ts'
import type { Experiment } from './experiment.ts'
import { draw } from './picture.ts'
import { type ExperimentRecord, format, machine, versions } from './record.ts'

const folder = join(import.meta.dirname, '..')
const usage = 'Usage: npm run experiment -w @viva/sluice -- NAME [--quick] [--only CONTESTANT,…] | --list | --redraw'

function list(): string {
  const longest = Math.max(...experiments.map(({ name }) => name.length))
  return experiments.map(({ name, about }) => `  ${name.padEnd(longest)}  ${about}`).join('\n')
}

function redraw(): void {
  for (const { name } of experiments) {
    const path = join(folder, `${name}.json`)
    const record = JSON.parse(readFileSync(path, 'utf8')) as ExperimentRecord
    writeFileSync(join(folder, `${name}.svg`), draw(record))
    console.log(`Drew ${name}.svg`)
  }
}

async function run(experiment: Experiment, isQuick: boolean, only: string[]): Promise<void> {
  const unknown = only.find((name) => !experiment.contestants.includes(name))
  if (unknown !== undefined)
    fail(`--only: found ${JSON.stringify(unknown)}; ${experiment.name} has ${experiment.contestants.join(', ')}.`)
  const about = {
    experiment: experiment.name,
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    versions: versions([...experiment.packages]),
  }
  const finding = await experiment.run({
    isQuick,
    wants: (name) => only.length === 0 || only.includes(name),
    log: (line) => console.log(line),
  })
  const record: ExperimentRecord = { ...about, ...finding }
  console.table(record.figures)
  for (const { goal, measured, unit, is } of record.verdict)
    console.log(`${is === 'met' ? '✔' : '✖'} ${goal}: ${measured ?? 'nothing to measure'} ${unit}, ${is}`)
  if (isQuick || only.length > 0) return
  for (const [name, text] of [
    [`${experiment.name}.json`, format(record)],
    [`${experiment.name}.svg`, draw(record)],
  ] as const) {
    writeFileSync(join(folder, name), text)
    console.log(`Wrote ${relative(process.cwd(), join(folder, name))}`)
  }
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}

function options(): { names: string[]; isQuick: boolean; only: string[]; isList: boolean; isRedraw: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        list: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        redraw: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
      },
    })
    const only = values.only.split(',').filter((name) => name !== '')
    return { names: positionals, isQuick: values.quick, only, isList: values.list, isRedraw: values.redraw }
  } catch (error) {
    return fail(`${(error as Error).message}\n${usage}`)
  }
}

const { names, isQuick, only, isList, isRedraw } = options()
if (isList) console.log(list())
else if (isRedraw) redraw()
else if (names.length === 0) fail(`Which experiment?\n${list()}\n${usage}`)
else {
  const chosen = names.map(
    (name) =>
      experiments.find((one) => one.name === name) ??
      fail(`There is no experiment ${JSON.stringify(name)}. There are:\n${list()}`),
  )
  for (const experiment of chosen) await run(experiment, isQuick, only)
}
