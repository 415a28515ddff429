/**
 * Conditions on the version `v`, as short as what is known about it allows: inside a struct that exists only from version
 * 12 on, a field of 10+ needs no condition at all.
 */

import { intersect, isEmptyRange, type VersionRange } from './schema.ts';

/** true: always; false: never; otherwise an expression of `v`. */
export type Condition = boolean | string;

/** Whether `v`, which is in `known`, is in `range`. */
export function inRange(range: VersionRange, known: VersionRange): Condition {
  const both = intersect(range, known);
  if (isEmptyRange(both)) return false;
  const low = both.from > known.from;
  const high = both.to < known.to;
  if (!low && !high) return true;
  if (low && high)
    return both.from === both.to ? `v === ${both.from}` : `v >= ${both.from} && v <= ${both.to}`;
  return low ? `v >= ${both.from}` : `v <= ${both.to}`;
}

/** An expression that is `yes` where the condition holds. */
export function chooseExpression(condition: Condition, yes: string, no: string): string {
  if (condition === true || yes === no) return yes;
  return condition === false ? no : `(${condition} ? ${yes} : ${no})`;
}

/** A statement that is `yes` where the condition holds. */
export function chooseStatement(condition: Condition, yes: string, no: string): string {
  if (condition === true || yes === no) return yes;
  if (condition === false) return no;
  return no === '' ? `if (${condition}) { ${yes} }` : `if (${condition}) { ${yes} } else { ${no} }`;
}
