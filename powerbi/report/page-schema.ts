import * as z from 'zod';

const name = z.string().min(1);
/** `Table.Name` */
const field = z.string().regex(/^[^.]+\../, 'expected a field as Table.Name');

const visual = z.strictObject({
  /** As Power BI calls it. */
  visual: z.enum([
    'actionButton',
    'cardVisual',
    'clusteredBarChart',
    'clusteredColumnChart',
    'lineChart',
    'lineClusteredColumnComboChart',
    'pageNavigator',
    'pivotTable',
    'slicer',
    'tableEx',
  ]),
  /** In English: the key of its captions. Shown in the viewer's language; of a banner it is the text itself. */
  title: name,
  /** x, y, width and height in pixels of a page of 1280 x 720. */
  at: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  /** The fields by the wells of the visual that they are in. A field parameter may stand in a well, too. */
  wells: z.record(z.string(), z.array(field).min(1)).optional(),
  /** How a slicer looks. */
  slicer: z.enum(['Between', 'Dropdown', 'Basic']).optional(),
  sort: z.strictObject({ by: field, descending: z.boolean().optional() }).optional(),
  /** A dashed line at a value of the axis. */
  line: z.strictObject({ value: z.number(), title: name }).optional(),
  /** Measures of a line chart that are predicted: drawn lighter than what is measured. */
  predicted: z.array(field).min(1).optional(),
  /** The bounds of what is predicted: thin dashed lines as light as it. */
  bounds: z.array(field).min(1).optional(),
  /** The measure whose cells of a matrix are coloured, the darker the larger. */
  heat: field.optional(),
  /** What its colours are called, from that of nothing to that of the largest value. */
  levels: z.array(name).min(2).optional(),
  /** The values that count in this visual. */
  where: z.record(field, z.array(z.union([z.string(), z.boolean()])).min(1)).optional(),
  /** A measure; values without it are left out, e.g. rooms without a sensor of the chosen apartment. */
  not_blank: field.optional(),
  /** DAX: a card shows its title where this is true. */
  banner: name.optional(),
});

/** powerbi/pages/*.yml: one page. */
export const pageSchema = z.strictObject({
  title: name,
  /** Pages are in this order. */
  order: z.number(),
  /** The report that it belongs to: `<project> <report>`; without it the project's own. */
  report: name.optional(),
  /** Its visuals are on every page of the project's own report; it is no page itself. */
  every_page: z.boolean().optional(),
  /** A page for one value of this field, opened from a data point of another page. */
  drill_through: field.optional(),
  visuals: z.array(visual).min(1),
});

/** One page of a report, or what is on each of them. */
export type Page = z.infer<typeof pageSchema>;
export type PageVisual = Page['visuals'][number];
