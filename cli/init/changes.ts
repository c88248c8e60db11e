/** What init did and what was there already, for its report. */
export class Changes {
  readonly done: string[] = [];
  readonly present: string[] = [];
  /** What a person should look at. */
  readonly notices: string[] = [];

  /** Does something unless it is there, and remembers which. */
  async ensure(what: string, there: boolean, create: () => Promise<unknown>): Promise<void> {
    if (there) {
      this.present.push(what);
      return;
    }
    await create();
    this.done.push(what);
  }
}
