/** The editor of a fence: CodeMirror, loaded on the first Edit. */
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from '@codemirror/commands'
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { javascript } from '@codemirror/lang-javascript'
import { python } from '@codemirror/lang-python'
import { PostgreSQL, SQLite, sql } from '@codemirror/lang-sql'
import { EditorState, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, keymap } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const grammars: Record<string, () => Extension> = {
  js: () => javascript(),
  ts: () => javascript({ typescript: true }),
  mongodb: () => javascript(),
  sql: () => sql({ dialect: PostgreSQL }),
  sqlite: () => sql({ dialect: SQLite }),
  python: () => python(),
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.definitionKeyword], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.regexp], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.self], color: 'var(--code-constant)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--code-function)' },
  { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
])

const look = EditorView.theme({
  '&': { backgroundColor: 'var(--code)', color: 'var(--ink)' },
  '&.cm-focused': { outline: '2px solid var(--signal)', outlineOffset: '-2px' },
  '.cm-content': { fontFamily: 'var(--mono)', padding: '0.9rem 0', caretColor: 'var(--ink)', lineHeight: '1.55' },
  '.cm-line': { padding: '0 1rem' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'var(--line)',
  },
  '.cm-matchingBracket': { outline: '1px solid var(--edge)', backgroundColor: 'transparent !important' },
})

/** Escape leaves the editor, so that Tab can indent without trapping the keyboard. */
export function openEditor(host: HTMLElement, code: string, language: string, onRun: () => void) {
  // In a shadow root CodeMirror adopts its style sheets; in the document it would add a <style>, which the policy forbids.
  const root = host.attachShadow({ mode: 'open' })
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: code,
      extensions: [
        keymap.of([
          { key: 'Mod-Enter', run: () => (onRun(), true) },
          { key: 'Tab', run: indentMore, shift: indentLess },
          {
            key: 'Escape',
            run: (editor) => (
              editor.contentDOM.blur(),
              (host.closest('.fence')?.querySelector('.expect textarea, .expect input') as HTMLElement | null)?.focus(),
              true
            ),
          },
          ...defaultKeymap,
          ...historyKeymap,
        ]),
        history(),
        drawSelection(),
        bracketMatching(),
        indentOnInput(),
        indentUnit.of('  '),
        EditorView.contentAttributes.of({ 'aria-label': 'Code; Escape leaves the editor' }),
        syntaxHighlighting(colours),
        look,
        grammars[language]?.() ?? [],
      ],
    }),
  })
  return {
    text: () => view.state.doc.toString(),
    set: (text: string) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    focus: () => view.focus(),
    remove: () => {
      view.destroy()
      host.remove()
    },
  }
}
