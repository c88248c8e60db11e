import { objectName } from '../model/guid.ts';
import { schemas } from '../model/json.ts';

/** A column or a measure of the model. */
export interface Field {
  readonly table: string;
  readonly kind: 'Column' | 'Measure';
  readonly name: string;
}

/** A visual on a page, its place in pixels. */
export interface Visual {
  /** As Power BI calls it. */
  readonly type: 'cardVisual' | 'lineChart' | 'clusteredColumnChart' | 'tableEx' | 'slicer';
  readonly title: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The fields by the wells of the visual that they are in. */
  readonly wells: Readonly<Record<string, readonly Field[]>>;
  /** How a slicer looks. */
  readonly slicerMode?: 'Between' | 'Dropdown';
}

/** The content of a visual.json. */
export function visualContainer(visual: Visual, order: number): object {
  const { x, y, width, height } = visual;
  return {
    $schema: schemas.visual,
    name: visualName(visual),
    position: { x, y, z: order * 1000, height, width, tabOrder: order * 1000 },
    visual: {
      visualType: visual.type,
      query: {
        queryState: Object.fromEntries(
          Object.entries(visual.wells).map(([well, fields]) => [
            well,
            { projections: fields.map((field) => projection(field, well === 'Category' || visual.type === 'slicer')) },
          ]),
        ),
      },
      ...(visual.slicerMode === undefined
        ? {}
        : { objects: { data: [{ properties: { mode: text(visual.slicerMode) } }] } }),
      visualContainerObjects: { title: [{ properties: { show: literal('true'), text: text(visual.title) } }] },
      drillFilterOtherVisuals: true,
    },
  };
}

export function visualName(visual: Visual): string {
  return objectName('visual', visual.title);
}

function projection({ table, kind, name }: Field, active: boolean): object {
  return {
    field: { [kind]: { Expression: { SourceRef: { Entity: table } }, Property: name } },
    queryRef: `${table}.${name}`,
    nativeQueryRef: name,
    ...(active ? { active: true } : {}),
  };
}

function literal(value: string): object {
  return { expr: { Literal: { Value: value } } };
}

function text(value: string): object {
  return literal(`'${value.replaceAll("'", "''")}'`);
}
