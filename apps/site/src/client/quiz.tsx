/** A quiz under way: one item at a time by keyboard or pointer, its verdict, the result with every miss. */
import {
  decodeQuiz,
  encodeQuiz,
  grade,
  itemKey,
  makeQuiz,
  seedLimit,
  type Answer,
  type AskedItem,
  type Grade,
} from '@viva/bank/quiz'
import { render } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Credits } from './credits.tsx'
import { isTyping } from './dom.ts'
import { append, halfDone } from './log.ts'
import { loadMaterial, type Material } from './quiz-data.ts'

type Run = { scope: string; count: number; seed: number; title: string; items: AskedItem[]; material: Material }
/** `isOverridden`: judged wrong, and the reader says that it was right. */
type Given = { answer: Answer; grade: Grade; isOverridden?: boolean }

const codeKey = (language: string, code: string): string => `${language}\n${code}`

function Text({ text, html }: { text: string; html: Record<string, string> }) {
  const rendered = html[text]
  return rendered === undefined ? <span>{text}</span> : <span dangerouslySetInnerHTML={{ __html: rendered }} />
}

function Code({ code, language, html }: { code: string; language: string; html: Record<string, string> }) {
  return (
    <pre tabIndex={0}>
      <code dangerouslySetInnerHTML={{ __html: html[codeKey(language, code)] ?? '' }} />
    </pre>
  )
}

function Prompt({ item, html }: { item: AskedItem; html: Record<string, string> }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => heading.current?.focus(), [item])
  return (
    <>
      <h1 class="prompt" tabIndex={-1} ref={heading}>
        <Text text={item.prompt} html={html} />
      </h1>
      {item.kind === 'output' && item.setup && (
        <details>
          <summary class="small soft ui">Setup that runs first</summary>
          <Code code={item.setup} language={item.language} html={html} />
        </details>
      )}
      {item.kind === 'output' && <Code code={item.code} language={item.language} html={html} />}
      {item.kind !== 'output' && item.code && <Code code={item.code.text} language={item.code.language} html={html} />}
    </>
  )
}

type InputProps = {
  item: AskedItem
  html: Record<string, string>
  answer: Answer
  given: Given | undefined
  onChange: (answer: Answer) => void
}

function Choices({ item, html, answer, given, onChange }: InputProps) {
  const multi = item.kind === 'multi'
  const chosen = new Set(typeof answer === 'string' ? [answer] : answer)
  const right = given && new Set([given.grade.expected].flat())
  const pick = (choice: string) => {
    if (given) return
    if (!multi) onChange(choice)
    else onChange(item.choices.filter((other) => (other === choice ? !chosen.has(other) : chosen.has(other))))
  }
  return (
    <ul class="options">
      {item.choices.map((choice, index) => {
        const isRight = right?.has(choice)
        const isWrong = given && chosen.has(choice) && !isRight
        return (
          <li key={choice}>
            <label class={`option ${isRight ? 'is-right' : ''} ${isWrong ? 'is-wrong' : ''}`}>
              <input
                type={multi ? 'checkbox' : 'radio'}
                name="choice"
                checked={chosen.has(choice)}
                disabled={given !== undefined}
                onChange={() => pick(choice)}
              />
              <span>
                <Text text={choice} html={html} />
              </span>
              {given ? (
                <span class={`mark ${isRight ? 'ok' : 'bad'}`}>
                  {isRight ? `✓ right${chosen.has(choice) ? '' : ', not chosen'}` : isWrong ? '✗ wrong' : ''}
                </span>
              ) : (
                <kbd class="push" aria-hidden="true">
                  {index + 1}
                </kbd>
              )}
            </label>
          </li>
        )
      })}
    </ul>
  )
}

function Steps({ html, answer, given, onChange }: InputProps) {
  const steps = typeof answer === 'string' ? [] : answer
  const right = given && [given.grade.expected].flat()
  const list = useRef<HTMLOListElement>(null)
  const move = (from: number, to: number) => {
    if (given || to < 0 || to >= steps.length) return
    const next = [...steps]
    next.splice(to, 0, ...next.splice(from, 1))
    onChange(next)
    // The focus goes with the step that was moved.
    requestAnimationFrame(() =>
      list.current?.children[to]?.querySelectorAll<HTMLButtonElement>('button')[to < from ? 0 : 1]?.focus(),
    )
  }
  return (
    <ol class="options steps" ref={list}>
      {steps.map((step, index) => (
        <li key={step}>
          <div class={`option ${right ? (right[index] === step ? 'is-right' : 'is-wrong') : ''}`}>
            <span class="number soft">{index + 1}</span>
            <span>
              <Text text={step} html={html} />
            </span>
            {right && (
              <span class={`mark ${right[index] === step ? 'ok' : 'bad'}`}>
                {right[index] === step ? '✓ right place' : `✗ belongs at ${right.indexOf(step) + 1}`}
              </span>
            )}
          </div>
          {!given && (
            <>
              <button
                type="button"
                aria-label={`Move step ${index + 1} up`}
                disabled={index === 0}
                onClick={() => move(index, index - 1)}
              >
                ↑
              </button>
              <button
                type="button"
                aria-label={`Move step ${index + 1} down`}
                disabled={index === steps.length - 1}
                onClick={() => move(index, index + 1)}
              >
                ↓
              </button>
            </>
          )}
        </li>
      ))}
    </ol>
  )
}

function Typed({ item, answer, given, onChange, onEnter }: InputProps & { onEnter: () => void }) {
  const text = typeof answer === 'string' ? answer : ''
  const lines = item.kind === 'output' ? item.answer.split('\n').length : 1
  return (
    <p class="gap">
      <label class="small soft ui" for="typed">
        {item.kind === 'output'
          ? `What will it print?${lines > 1 ? ` ${lines} lines (Ctrl Enter checks)` : ''}`
          : 'What fills the gap'}
      </label>
      {item.kind === 'output' && lines > 1 ? (
        <textarea
          id="typed"
          rows={lines}
          value={text}
          readOnly={given !== undefined}
          spellcheck={false}
          autocapitalize="off"
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      ) : (
        <input
          id="typed"
          value={text}
          readOnly={given !== undefined}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          onInput={(event) => onChange(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') {
              event.preventDefault()
              event.stopPropagation()
              onEnter()
            }
          }}
        />
      )}
    </p>
  )
}

function verdictOf({ grade: { right, judgement }, isOverridden }: Given): string {
  if (isOverridden) return '✓ Counted as right: you overrode the verdict'
  if (!judgement) return right ? '✓ Right' : '✗ Not right'
  return { exact: '✓ Correct', equivalent: '✓ Correct, in another layout', wrong: '✗ Not quite: compare below' }[
    judgement.verdict
  ]
}

type WhyProps = { item: AskedItem; given: Given; html: Record<string, string>; onOverride?: () => void }

function Why({ item, given, html, onOverride }: WhyProps) {
  const { expected, why, wrong, missed, judgement } = given.grade
  const right = isRight(given)
  return (
    <div class={`said ${right ? 'ok-edge' : 'bad-edge'}`}>
      <p class={`verdict ${right ? 'ok' : 'bad'}`}>{verdictOf(given)}</p>
      {judgement?.verdict === 'wrong' && <Credits judgement={judgement} />}
      {judgement?.verdict === 'equivalent' && (
        <pre tabIndex={0}>
          <samp>{expected}</samp>
        </pre>
      )}
      {onOverride && judgement && !right && (
        <p>
          <button type="button" onClick={onOverride}>
            I was right
          </button>
        </p>
      )}
      {!right && item.kind === 'fill' && (
        <div>
          <p class="small soft ui">It is</p>
          <pre tabIndex={0}>
            <samp>{[expected].flat().join('\nor ')}</samp>
          </pre>
        </div>
      )}
      {wrong.map(({ option, why: reason }) => (
        <p key={option}>
          <Text text={option} html={html} />: <Text text={reason} html={html} />
        </p>
      ))}
      {missed.length > 0 && (
        <p>
          Not chosen, but right:{' '}
          {missed.map((option, index) => (
            <span key={option}>
              {index > 0 && ', '}
              <Text text={option} html={html} />
            </span>
          ))}
          .
        </p>
      )}
      {why && (
        <div>
          <Text text={why} html={html} />
        </div>
      )}
      <p class="small ui">
        <a href={`/questions/${item.question}/`}>Read the question</a>
      </p>
    </div>
  )
}

const isRight = ({ grade: { right }, isOverridden }: Given): boolean => right || isOverridden === true

const isEmpty = (item: AskedItem, answer: Answer): boolean =>
  item.kind !== 'order' && (typeof answer === 'string' ? answer.trim() === '' : answer.length === 0)
const firstAnswer = (item: AskedItem): Answer =>
  item.kind === 'order' ? item.choices : item.kind === 'multi' ? [] : ''

function Playing({ run, done, onDone }: { run: Run; done: Given[]; onDone: (givens: Given[]) => void }) {
  const [givens, setGivens] = useState(done)
  const at = givens.length
  const [given, setGiven] = useState<Given>()
  const item = run.items[given ? at - 1 : at]!
  const [answer, setAnswer] = useState<Answer>(() => firstAnswer(item))
  const shownAt = useRef(performance.now())
  const html = run.material.html

  const log = (result: Given) => {
    const judged = result.grade.judgement?.verdict
    void append({
      type: 'attempt',
      question: item.question,
      item: item.id,
      kind: item.kind,
      right: isRight(result),
      answer: typeof answer === 'string' ? answer : [...answer],
      seed: run.seed,
      ms: Math.round(performance.now() - shownAt.current),
      ...(judged && { judged }),
      ...(result.isOverridden && { override: true as const }),
    })
  }
  const check = () => {
    if (given || isEmpty(item, answer)) return
    const result = { answer, grade: grade(item, answer) }
    log(result)
    setGiven(result)
    setGivens([...givens, result])
  }
  const override = () => {
    if (!given || isRight(given)) return
    const result = { ...given, isOverridden: true }
    log(result)
    setGiven(result)
    setGivens([...givens.slice(0, -1), result])
    // The button is gone; the next thing to do gets the focus.
    requestAnimationFrame(() => document.querySelector<HTMLButtonElement>('.quiz .actions .go')?.focus())
  }
  const goOn = () => {
    if (!given) return
    const next = run.items[at]
    if (!next) return onDone(givens)
    setGiven(undefined)
    setAnswer(firstAnswer(next))
    shownAt.current = performance.now()
  }
  const onKey = (event: KeyboardEvent) => {
    if (document.querySelector('dialog[open]')) return
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || !isTyping(event))) {
      // A focused button or link does its own thing on Enter.
      if (event.target instanceof Element && event.target.closest('button, a, summary')) return
      event.preventDefault()
      if (given) goOn()
      else check()
      return
    }
    if (given || isTyping(event) || !/^[1-8]$/.test(event.key)) return
    const choice = item.choices[Number(event.key) - 1]
    if (choice === undefined || item.kind === 'order') return
    if (item.kind === 'single') setAnswer(choice)
    else if (item.kind === 'multi') {
      const chosen = new Set(typeof answer === 'string' ? [] : answer)
      if (!chosen.delete(choice)) chosen.add(choice)
      setAnswer(item.choices.filter((other) => chosen.has(other)))
    }
  }
  // Before the paint: a key pressed as soon as the item is seen must count.
  useLayoutEffect(() => {
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })

  const shared = { item, html, answer, given, onChange: setAnswer }
  const number = given ? at : at + 1
  return (
    <>
      <div class="head">
        <span>
          {run.title}: {number} of {run.items.length}
        </span>
        <span class="push">{givens.filter(isRight).length} right</span>
      </div>
      <progress max={run.items.length} value={at} aria-label={`${at} of ${run.items.length} answered`} />
      <div class="item" key={number}>
        <Prompt item={item} html={html} />
        {item.kind === 'single' || item.kind === 'multi' ? (
          <Choices {...shared} />
        ) : item.kind === 'order' ? (
          <Steps {...shared} />
        ) : (
          <Typed {...shared} onEnter={given ? goOn : check} />
        )}
        <div role="status">{given && <Why item={item} given={given} html={html} onOverride={override} />}</div>
        <p class="row actions">
          {given ? (
            <button type="button" class="go" onClick={goOn}>
              {run.items[at] ? 'Next' : 'See the result'}
            </button>
          ) : (
            <button type="button" class="go" disabled={isEmpty(item, answer)} onClick={check}>
              Check
            </button>
          )}
          <span class="small soft ui">{item.kind === 'multi' && !given ? 'More than one may be right. ' : ''}</span>
        </p>
      </div>
    </>
  )
}

function Result({ run, givens }: { run: Run; givens: Given[] }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const right = givens.filter(isRight).length
  const missed = givens.flatMap((given, index) => (isRight(given) ? [] : [{ given, item: run.items[index]! }]))
  const again = `/quiz/run/?${encodeQuiz(run)}`
  const fresh = `/quiz/run/?scope=${encodeURIComponent(run.scope)}&count=${run.count}`
  return (
    <>
      <h1 tabIndex={-1} ref={heading}>
        {run.title}: the result
      </h1>
      <p class="score">
        <span class="number">
          {right}/{givens.length}
        </span>
        <span class="soft">
          {missed.length === 0
            ? 'All right. Nothing comes back from this one.'
            : `${missed.length} to read again. They come back under “What I missed” until they are right.`}
        </span>
      </p>
      <p class="row actions">
        {missed.length > 0 && (
          <a class="button go" href="/quiz/run/?scope=misses">
            Quiz what I missed
          </a>
        )}
        <a class="button" href={fresh}>
          New quiz
        </a>
        <a class="button" href={again}>
          The same one again
        </a>
      </p>
      {missed.length > 0 && (
        <>
          <h2>What you missed</h2>
          <ul class="misses">
            {missed.map(({ given, item }) => (
              <li key={item.question + item.id}>
                <p class="small soft ui">{run.material.titles.get(item.question)?.replaceAll('`', '')}</p>
                <div class="prompt">
                  <Text text={item.prompt} html={run.material.html} />
                </div>
                {item.kind === 'output' && <Code code={item.code} language={item.language} html={run.material.html} />}
                <Said item={item} given={given} html={run.material.html} />
                <Why item={item} given={given} html={run.material.html} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

/** What was right, for the kinds whose verdict does not show it by itself. */
function Said({ item, given, html }: { item: AskedItem; given: Given; html: Record<string, string> }) {
  const said = [given.answer].flat()
  const expected = [given.grade.expected].flat()
  // The comparison of an output shows both.
  if (item.kind === 'output') return null
  if (item.kind === 'fill')
    return (
      <>
        <p class="small soft ui">You said</p>
        <pre tabIndex={0}>
          <samp>{said.join('\n')}</samp>
        </pre>
      </>
    )
  const List = item.kind === 'order' ? 'ol' : 'ul'
  return (
    <>
      <p class="small soft ui">{item.kind === 'order' ? 'The right order' : 'Right'}</p>
      <List>
        {expected.map((text) => (
          <li key={text}>
            <Text text={text} html={html} />
          </li>
        ))}
      </List>
    </>
  )
}

function Quiz({ run, done }: { run: Run; done: Given[] }) {
  const [givens, setGivens] = useState<Given[] | undefined>(done.length >= run.items.length ? done : undefined)
  if (givens) return <Result run={run} givens={givens} />
  return (
    <Playing
      run={run}
      done={done}
      onDone={(all) => {
        void append({
          type: 'quiz-finished',
          scope: run.scope,
          seed: run.seed,
          right: all.filter(isRight).length,
          of: all.length,
        })
        setGivens(all)
      }}
    />
  )
}

function Refused({ title, text }: { title: string; text: string }) {
  return (
    <>
      <h1>{title}</h1>
      <p role="alert">{text}</p>
      <p class="row actions">
        <a class="button go" href="/quiz/">
          Choose a quiz
        </a>
      </p>
    </>
  )
}

export async function mountQuiz(host: HTMLElement): Promise<void> {
  host.replaceChildren()
  const { address, errors } = decodeQuiz(location.search)
  if (errors.length > 0) {
    render(<Refused title="This quiz address is not right" text={`${errors.join(' · ')}.`} />, host)
    return
  }
  try {
    const material = await loadMaterial(address.scope)
    if (material.items.length === 0) {
      const text =
        address.scope === 'misses'
          ? 'Nothing is missed at the moment: every item you tried was right the last time. Take a quiz, and what you miss will wait for you here.'
          : 'There are no items for this subject yet.'
      render(<Refused title={material.title} text={text} />, host)
      return
    }
    const seed = address.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]! % (seedLimit + 1)
    const items = makeQuiz(material.items, { count: address.count, seed })
    // The same quiz, left half done: go on where it was left.
    const open = address.seed === undefined ? undefined : await halfDone()
    const earlier = open?.scope === address.scope && open.seed === seed ? open.answers : undefined
    const done: Given[] = []
    for (const item of items) {
      const answer = earlier?.get(itemKey(item))
      if (answer === undefined) break
      done.push({ answer, grade: grade(item, answer) })
    }
    if (done.length === 0) await append({ type: 'quiz-started', scope: address.scope, seed, count: items.length })
    const run: Run = { ...address, seed, title: material.title, items, material }
    if (address.seed === undefined) history.replaceState(history.state, '', `?${encodeQuiz(run)}`)
    render(<Quiz run={run} done={done} />, host)
  } catch (error) {
    render(
      <Refused title="This quiz could not be made" text={error instanceof Error ? error.message : String(error)} />,
      host,
    )
  }
}
