/** Starts the quiz that the address names. */
import { mountQuiz } from './quiz.tsx'
import { find } from './dom.ts'

void mountQuiz(find('#quiz')!)
