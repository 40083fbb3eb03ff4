/** The search index over questions and labs; fetched when search is opened. */
import { buildIndex, type SearchDocument } from '@viva/bank/search'
import { searchDocument } from '@viva/bank/load'
import { byId, categoryOf, content } from '../build/content.ts'
import { allLabs, type LabOnPage } from '../build/labs.ts'

/** Found by what it is called, asks and measures, and by the word "lab". */
function labDocument({ id, lab }: LabOnPage, category: string, tags: string[]): SearchDocument {
  return {
    id: `labs/${id}`,
    title: lab.title,
    category: `Lab · ${category}`,
    tags: ['lab', ...tags],
    headings: lab.presets.map(({ name }) => name),
    answer: `${lab.task} ${lab.predict.ask}`,
    sections: [...Object.values(lab.knobs).map(({ label }) => label), ...lab.claims.map(({ says }) => says)].join('\n'),
  }
}

export async function GET(): Promise<Response> {
  const bank = await content()
  const questions = byId(bank)
  const documents = bank.questions.map((question) => ({
    ...searchDocument(question),
    category: categoryOf(bank, question).title,
  }))
  const labs = allLabs().flatMap((lab) => {
    const question = questions.get(lab.question)
    return question ? [labDocument(lab, categoryOf(bank, question).title, question.tags)] : []
  })
  return Response.json(buildIndex([...documents, ...labs]))
}
