import type { Exposure } from '../../runner/manifest/exposure.ts';
import type { ModelExtras } from '../model/extras.ts';
import { type FieldName, fieldName } from '../model/fields.ts';
import { objectName } from '../model/guid.ts';
import { schemas } from '../model/json.ts';
import { joined, textField } from '../model/texts.ts';
import type { Page, PageVisual } from './page-schema.ts';
import { parameterOf } from './pages.ts';
import { heatColours, houseColours, predictedColour } from './theme.ts';

/** What a visual is written with. */
export interface VisualContext {
  readonly exposures: readonly Exposure[];
  readonly extras: ModelExtras;
}

/** The content of a visual.json. */
export function visualContainer(visual: PageVisual, page: Page, order: number, context: VisualContext): object {
  const [x, y, width, height] = visual.at;
  const filters = [
    ...Object.entries(visual.where ?? {}).map(([field, values]) =>
      categoricalFilter(page, visual, field, values, context),
    ),
    ...(visual.not_blank === undefined ? [] : [notBlankFilter(page, visual, visual.not_blank, context)]),
  ];
  return {
    $schema: schemas.visual,
    name: visualName(visual, page),
    position: { x, y, z: order * 1000, height, width, tabOrder: order * 1000 },
    visual: {
      visualType: visual.visual,
      ...(visual.visual === 'pageNavigator' || visual.visual === 'actionButton'
        ? {}
        : { query: query(visual, context) }),
      ...expanded(visual),
      ...optional('objects', objects(visual, context)),
      visualContainerObjects: around(visual),
      ...(visual.visual === 'slicer' ? { syncGroup: syncGroup(visual) } : {}),
      drillFilterOtherVisuals: true,
    },
    ...(filters.length === 0 ? {} : { filterConfig: { filters } }),
  };
}

/** The name of a visual's folder, unique in the report. */
export function visualName(visual: PageVisual, page: Page): string {
  return objectName('visual', page.title, visual.title);
}

function query(visual: PageVisual, context: VisualContext): object {
  const isAxis = (well: string) => visual.visual === 'slicer' || well === 'Category';
  const wells = visual.banner === undefined ? (visual.wells ?? {}) : { Data: [bannerField(visual)] };
  return {
    queryState: Object.fromEntries(
      Object.entries(wells).map(([well, fields]) => {
        const projections = fields.map((field) => projection(shown(field, context), context, isAxis(well)));
        const parameters = fields.flatMap((field, index) => {
          const parameter = visual.visual === 'slicer' ? undefined : parameterOf(field, context.extras);
          return parameter === undefined ? [] : [{ parameterExpr: fieldOf(field, context), index, length: 1 }];
        });
        return [well, { projections, ...(parameters.length === 0 ? {} : { fieldParameters: parameters }) }];
      }),
    ),
    ...(visual.sort === undefined
      ? {}
      : {
          sortDefinition: {
            sort: [
              {
                field: fieldOf(visual.sort.by, context),
                direction: visual.sort.descending === true ? 'Descending' : 'Ascending',
              },
            ],
            isDefaultSort: false,
          },
        }),
  };

  /** A field parameter in a well stands for its first field until the reader chooses another one. */
  function shown(field: string, { extras }: VisualContext): string {
    return visual.visual === 'slicer' ? field : (parameterOf(field, extras)?.fields[0]?.field ?? field);
  }
}

/** A matrix with several fields in its rows shows all of them, one a column. */
function expanded({ visual, wells = {} }: PageVisual): object {
  const rows = wells.Rows ?? [];
  if (visual !== 'pivotTable' || rows.length < 2) return {};
  const levels = rows.map((field) => ({ queryRefs: [field], isCollapsed: false }));
  return { expansionStates: [{ roles: ['Rows'], levels, root: { isToggled: true } }] };
}

function bannerField({ title, banner }: PageVisual): string {
  const { table, name } = textField({ text: title, when: banner });
  return `${table}.${name}`;
}

function kindOf({ table, name }: FieldName, { exposures }: VisualContext): 'Measure' | 'Column' {
  const exposure = exposures.find((one) => one.name === table);
  return table === 'Texts' || exposure?.measures.some((one) => one.name === name) === true ? 'Measure' : 'Column';
}

/** A field as an expression of the report. */
export function fieldOf(written: string, context: VisualContext, source?: string): object {
  const field = fieldName(written);
  const of = source === undefined ? { Entity: field.table } : { Source: source };
  return { [kindOf(field, context)]: { Expression: { SourceRef: of }, Property: field.name } };
}

function projection(written: string, context: VisualContext, active: boolean): object {
  return {
    field: fieldOf(written, context),
    queryRef: written,
    nativeQueryRef: fieldName(written).name,
    ...(active ? { active: true } : {}),
  };
}

/** Filters name a table by an alias, other than queries. */
function categoricalFilter(
  page: Page,
  visual: PageVisual,
  field: string,
  values: readonly (string | boolean)[],
  context: VisualContext,
): object {
  return {
    name: objectName('filter', page.title, visual.title, field),
    field: fieldOf(field, context),
    type: 'Categorical',
    filter: {
      Version: 2,
      From: [{ Name: 'f', Entity: fieldName(field).table, Type: 0 }],
      Where: [
        {
          Condition: {
            In: {
              Expressions: [fieldOf(field, context, 'f')],
              Values: values.map((value) => [
                { Literal: { Value: typeof value === 'string' ? quoted(value) : String(value) } },
              ]),
            },
          },
        },
      ],
    },
    isHiddenInViewMode: true,
  };
}

function notBlankFilter(page: Page, visual: PageVisual, measure: string, context: VisualContext): object {
  const isBlank = {
    Comparison: {
      ComparisonKind: 0,
      Left: fieldOf(measure, context, 'f'),
      Right: { Literal: { Value: 'null' } },
    },
  };
  return {
    name: objectName('filter', page.title, visual.title, measure),
    field: fieldOf(measure, context),
    type: 'Advanced',
    filter: {
      Version: 2,
      From: [{ Name: 'f', Entity: fieldName(measure).table, Type: 0 }],
      Where: [{ Condition: { Not: { Expression: isBlank } } }],
    },
    isHiddenInViewMode: true,
  };
}

/** A slicer of one field is the same on all pages. */
function syncGroup(visual: PageVisual): object {
  const [field = ''] = Object.values(visual.wells ?? {}).flat();
  return { groupName: fieldName(field).name, fieldChanges: true, filterChanges: true };
}

function objects(visual: PageVisual, context: VisualContext): Record<string, object[]> {
  const found: Record<string, object[]> = {};
  if (visual.visual === 'slicer') {
    if (visual.slicer !== undefined) found.data = [{ properties: { mode: text(visual.slicer) } }];
    found.header = [{ properties: { show: literal('true'), text: title(visual.title) } }];
  }
  if (visual.visual === 'actionButton')
    found.icon = [{ properties: { shapeType: text('back') }, selector: { id: 'default' } }];
  if (visual.visual === 'pivotTable') {
    found.subTotals = [{ properties: { rowSubtotals: literal('false'), columnSubtotals: literal('false') } }];
    if ((visual.wells?.Rows ?? []).length > 1) found.rowHeaders = [{ properties: { stepped: literal('false') } }];
  }
  if (visual.line !== undefined)
    found.y1AxisReferenceLine = [
      {
        properties: {
          show: literal('true'),
          displayName: text(visual.line.title),
          value: literal(`${visual.line.value}D`),
          lineColor: colour(houseColours[3]),
          style: text('dashed'),
        },
        selector: { id: '1' },
      },
    ];
  if (visual.heat !== undefined) found.values = [heat(visual.heat, context)];
  const { predicted = [], bounds = [] } = visual;
  const lines = [...predicted, ...bounds];
  if (lines.length > 0) {
    found.dataPoint = lines.map((field) => ofSeries(field, { fill: colour(predictedColour) }));
    found.lineStyles = lines.map((field) =>
      ofSeries(
        field,
        bounds.includes(field)
          ? { lineStyle: text('dashed'), strokeWidth: literal('1D') }
          : { lineStyle: text('solid') },
      ),
    );
  }
  return found;
}

/** Formatting of the line of one measure. */
function ofSeries(field: string, properties: object): object {
  return { properties, selector: { metadata: field } };
}

/** Cells coloured between two colours by their value, from 0 to the largest; a blank one stays as it is. */
function heat(field: string, context: VisualContext): object {
  const end = (value: string) => ({ color: { Literal: { Value: quoted(value) } } });
  // From nothing, and not from the least of the values.
  const nothing = { value: { Literal: { Value: '0D' } } };
  return {
    properties: {
      backColor: {
        solid: {
          color: {
            expr: {
              FillRule: {
                Input: fieldOf(field, context),
                FillRule: {
                  linearGradient2: {
                    min: { ...end(heatColours.least), ...nothing },
                    max: end(heatColours.most),
                    nullColoringStrategy: { strategy: { Literal: { Value: "'noColor'" } } },
                  },
                },
              },
            },
          },
        },
      },
    },
    selector: { data: [{ dataViewWildcard: { matchingOption: 1 } }], metadata: field },
  };
}

/**
 * What is around a visual. A slicer has a header for its title. Whoever sets one of these objects loses the theme's padding, so
 * that it is written, too.
 */
function around(visual: PageVisual): Record<string, object[]> {
  const padding = [
    { properties: { top: literal('8D'), bottom: literal('8D'), left: literal('8D'), right: literal('8D') } },
  ];
  const untitled = { title: [{ properties: { show: literal('false') } }], padding };
  if (visual.visual === 'actionButton')
    return { ...untitled, visualLink: [{ properties: { show: literal('true'), type: text('Back') } }] };
  if (visual.visual === 'slicer' || visual.visual === 'pageNavigator' || visual.banner !== undefined) return untitled;
  const shown = (text: string) => [{ properties: { show: literal('true'), text: title(text) } }];
  return {
    title: shown(visual.title),
    ...(visual.levels === undefined ? {} : { subTitle: shown(joined(visual.levels).text) }),
    padding,
  };
}

/** A title in the viewer's language: the measure that yields it. */
function title(english: string): object {
  const { table, name } = textField({ text: english });
  return { expr: { Measure: { Expression: { SourceRef: { Entity: table } }, Property: name } } };
}

function optional(key: string, value: Record<string, object[]>): object {
  return Object.keys(value).length === 0 ? {} : { [key]: value };
}

function colour(value: string): object {
  return { solid: { color: literal(quoted(value)) } };
}

function literal(value: string): object {
  return { expr: { Literal: { Value: value } } };
}

function text(value: string): object {
  return literal(quoted(value));
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
