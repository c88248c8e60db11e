/**
 * Training or scoring cannot be done with what was passed in. The message says what is wrong and where (column, key of the
 * row); `remedy`, what to do. The layer stands on its own, so whoever calls it makes an error of the program of it.
 */
export class LearningError extends Error {
  override readonly name = 'LearningError';
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}
