/** A part of the data that some people may see and others not, such as an apartment. */
export interface Subject {
  /** As the database knows it. */
  readonly id: string;
  /** As people know it. */
  readonly name: string;
}

/** How long Power BI keeps what it has fetched, and how much of it it fetches again at each refresh. */
export interface RefreshWindow {
  readonly keepYears: number;
  readonly refreshDays: number;
}

/** What a Power BI project is made of besides the views. Columns and models have their names in the database here. */
export interface PowerBiOptions {
  /** The project's name, that of its folders. Letters, digits, spaces, - and _. */
  readonly name: string;
  /** `host`, or `host:port` where the port is not PostgreSQL's own. */
  readonly server: string;
  readonly database: string;
  /** For the model that holds the subjects, one row each. */
  readonly subjects: {
    /** The id of its node, e.g. `model.dim_apartment`. */
    readonly model: string;
    readonly idColumn: string;
    readonly all: readonly Subject[];
  };
  /** The column with the login in the model of kind `access`. */
  readonly loginColumn: string;
  /** Renters see of a subject only what the model named `access` does not guard. Undefined: there are none. */
  readonly renters:
    | {
        readonly access: string;
        /** The column of the model of kind `access` that says what a viewer is, and what it says of those who see all of a subject. */
        readonly roleColumn: string;
        readonly owners: readonly string[];
      }
    | undefined;
  readonly refreshWindow: RefreshWindow;
  /** The language of what stands in rows, as in the tables: `en`, or one that there are captions in. */
  readonly rowLanguage: string;
  /** The first year that may have data; what Power BI Desktop loads begins there. */
  readonly firstYear: number;
}
