/** Quiz items as the browser gets them: prompts and reasons rendered, fences made into `output` items. */
import type { Question } from '@viva/bank'
import { quizItems } from '@viva/bank/quiz'

export function quizCount(questions: Question[]): number {
  return questions.reduce((sum, question) => sum + quizItems(question).length, 0)
}
