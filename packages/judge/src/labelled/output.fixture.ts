/** An output of the question bank, with predictions of it as an examiner would judge them. */
export type LabelledOutput = {
  /** The fence it was taken from; `engine: …` where no fence of the bank prints it. */
  from: string
  language: string
  expected: string
  /** What is printed, at most with other spaces. */
  exact?: string[]
  /** The same values in another layout. */
  equivalent?: string[]
  wrong: string[]
}
