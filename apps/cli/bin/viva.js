#!/usr/bin/env node
// Starts the command line program. Plain JavaScript, so that an older Node gets a sentence and not a syntax error.
if (Number(process.versions.node.split('.')[0]) < 26) {
  console.error(`viva: needs Node 26, found ${process.version}. \`npm run viva -- …\` brings its own.`)
  process.exit(1)
}
await import('../src/main.ts')
