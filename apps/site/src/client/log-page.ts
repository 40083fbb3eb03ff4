/** The page of the reader's log: shows, exports, imports and deletes it. */
import { find } from './dom.ts'
import { deleteLog, exportLog } from './log-file.ts'
import { runImport } from './log-import.ts'
import { download, isBad, reportElements, summarise } from './log-report.ts'
import { readSummary, showSummary } from './log-summary.ts'
import { counted, visible } from './log-text.ts'
import { countEvents } from './log.ts'

const status = find('#log-status')!
const report = find('#log-report')!
const dialog = find<HTMLDialogElement>('#log-confirm')!
const buttons = {
  export: find<HTMLButtonElement>('#log-export')!,
  import: find<HTMLButtonElement>('#log-import')!,
  delete: find<HTMLButtonElement>('#log-delete')!,
}
const file = find<HTMLInputElement>('#log-file')!

/** The status line is a live region: screen readers announce it. */
function say(text: string, isProblem = false): void {
  status.textContent = text
  status.classList.toggle('bad', isProblem)
}

let isBusy = false
let isEmpty = true

/** Runs one action at a time; a failure becomes a sentence. */
async function act(doing: string, work: () => Promise<void>): Promise<void> {
  isBusy = true
  dialog.close()
  report.hidden = true
  for (const button of Object.values(buttons)) button.disabled = true
  try {
    await work()
  } catch (error) {
    say(`${doing} failed: ${visible(error instanceof Error ? error.message : String(error), 300)}`, true)
  } finally {
    isBusy = false
    enable()
  }
}

/** An empty log can only be imported into. */
function enable(): void {
  buttons.import.disabled = false
  buttons.export.disabled = isEmpty
  buttons.delete.disabled = isEmpty
}

async function show(): Promise<void> {
  const summary = await readSummary()
  isEmpty = summary.events === 0
  enable()
  showSummary(summary)
}

buttons.export.addEventListener('click', () =>
  act('The export', async () => {
    const { file, count } = await exportLog()
    download(file, `viva-log-${new Date().toISOString().slice(0, 10)}.jsonl`)
    say(`Exported ${counted(count, 'event')}.`)
  }).then(() => buttons.export.focus()),
)

buttons.import.addEventListener('click', () => file.click())

file.addEventListener('change', () => {
  const chosen = file.files?.[0]
  // The button is disabled during an import; a dropped or scripted file still gets here.
  if (!chosen || isBusy) return
  void act('The import', async () => {
    say(`Importing ${visible(chosen.name)}…`)
    const importing = runImport(chosen)
    find('#log-cancel')?.focus()
    const result = await importing
    // The same file can be chosen again.
    file.value = ''
    report.replaceChildren(find('#log-report-title')!, ...reportElements(result, chosen.name))
    report.hidden = false
    say(summarise(result), isBad(result))
    report.focus()
    if (result.outcome === 'complete') await show()
  })
})

buttons.delete.addEventListener('click', async () => {
  try {
    find('#log-confirm-count')!.textContent = counted(await countEvents(), 'event')
    dialog.returnValue = ''
    dialog.showModal()
  } catch (error) {
    say(`The log cannot be read: ${visible(error instanceof Error ? error.message : String(error), 300)}`, true)
  }
})

// Also for Escape, and when another action closes the dialog: only Delete has this value.
dialog.addEventListener('close', () => {
  if (dialog.returnValue !== 'delete') return
  dialog.returnValue = ''
  void act('Deleting', async () => {
    const count = await deleteLog()
    say(`Deleted ${counted(count, 'event')}. Your log is empty.`)
    await show()
  }).then(() => buttons.import.focus())
})

const loading = 'Loading your log…'
const slow = setTimeout(() => say(loading), 300)
try {
  await show()
  if (status.textContent === loading) say('')
} catch (error) {
  const reason = visible(error instanceof Error ? error.message : String(error), 300)
  say(`The browser does not let this page keep a log (${reason}). Private windows often forbid it.`, true)
} finally {
  clearTimeout(slow)
}
