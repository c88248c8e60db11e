import type { Column } from '../resource/resource.ts';
import { filterFunctions } from './filter.ts';
import type { EntitySet, Property } from './service.ts';

/** The namespace of the types. */
const namespace = 'datacycle';

/** What `$metadata` answers. */
export function metadataOf(sets: readonly EntitySet[]): string {
  const types = sets.map(({ name, properties, keys, resource }) => {
    const lines = [
      `<Key>${keys.map((key) => `<PropertyRef Name="${safe(key.name)}"/>`).join('')}</Key>`,
      ...properties.map((property) => propertyOf(property, keys.includes(property))),
      ...descriptionOf(resource.description),
    ];
    return `<EntityType Name="${typeNameOf(name)}">\n${lines.join('\n')}\n</EntityType>`;
  });
  const container = sets.map(
    ({ name }) => `<EntitySet Name="${safe(name)}" EntityType="${namespace}.${typeNameOf(name)}"/>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="${namespace}" xmlns="http://docs.oasis-open.org/odata/ns/edm">
${types.join('\n')}
<EntityContainer Name="Container">
${container.join('\n')}
<Annotation Term="Org.OData.Capabilities.V1.FilterFunctions"><Collection>${filterFunctions.map((one) => `<String>${one}</String>`).join('')}</Collection></Annotation>
<Annotation Term="Org.OData.Capabilities.V1.BatchSupported" Bool="false"/>
</EntityContainer>
</Schema>
</edmx:DataServices></edmx:Edmx>
`;
}

/** Clients that make classes of types refuse one with a property of its own name, as a room has. */
function typeNameOf(set: string): string {
  return `${safe(set)}_row`;
}

function propertyOf({ name, column }: Property, isKey: boolean): string {
  const nullable = isKey ? ' Nullable="false"' : '';
  const head = `<Property Name="${safe(name)}" Type="${typeOf(column)}"${facetsOf(column)}${nullable}`;
  const label =
    name === column.name ? column.description : [column.name, column.description].filter(Boolean).join(': ');
  return label === '' ? `${head}/>` : `${head}>${descriptionOf(label).join('')}</Property>`;
}

function descriptionOf(text: string): readonly string[] {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line === '' ? [] : [`<Annotation Term="Org.OData.Core.V1.Description" String="${safe(line)}"/>`];
}

/** The primitive type of a column. A timestamp without a zone is one in UTC, since the protocol has no other. */
export function typeOf({ kind, type }: Column): string {
  switch (kind) {
    case 'boolean':
      return 'Edm.Boolean';
    case 'integer':
      return type === 'smallint' ? 'Edm.Int16' : type === 'integer' ? 'Edm.Int32' : 'Edm.Int64';
    case 'number':
      return type.startsWith('numeric') ? 'Edm.Decimal' : 'Edm.Double';
    case 'uuid':
      return 'Edm.Guid';
    case 'date':
      return 'Edm.Date';
    case 'timestamp':
    case 'timestamptz':
      return 'Edm.DateTimeOffset';
    case 'text':
    case 'json':
    case 'other':
      return 'Edm.String';
    default:
      return kind satisfies never;
  }
}

function facetsOf({ kind, type }: Column): string {
  if (kind === 'timestamp' || kind === 'timestamptz') return ' Precision="6"';
  if (!type.startsWith('numeric')) return '';
  const [, precision, scale] = /^numeric\((\d+),(\d+)\)$/.exec(type) ?? [];
  return precision === undefined ? ' Scale="variable"' : ` Precision="${precision}" Scale="${scale}"`;
}

/** As text of an attribute of XML; control characters, which XML has not, are left out. */
function safe(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ').replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}
