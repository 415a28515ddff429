/**
 * The model of a schema file: what the parser produces and the emitters, the oracle and the random messages read.
 *
 *   ApiSchema | RecordSchema | SoloSchema          one file in schemas/
 *     MessageSchema                                one thing with an encoding of its own
 *       StructSchema                               its root, and every struct below it
 *         FieldSchema                              in wire order, each with the versions that carry it
 *
 * Version ranges are closed on both ends and already cut to the message's own versions, so `from > to` means "never".
 */

export interface VersionRange {
  readonly from: number;
  readonly to: number;
}

export type PrimitiveName =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'bits64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records';

export type FieldType =
  | { readonly kind: 'primitive'; readonly name: PrimitiveName }
  | { readonly kind: 'struct'; readonly struct: StructSchema }
  | { readonly kind: 'array'; readonly element: PrimitiveName | StructSchema };

/** `max` is the largest safe integer, which a saturating int64 writes as 2^63-1. */
export type DefaultValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | { readonly make: 'zero-uuid' | 'empty-bytes' | 'empty-array' | 'new-struct' };

export interface FieldSchema {
  readonly name: string;
  readonly type: FieldType;
  readonly versions: VersionRange;
  /** Versions in which null may be on the wire. */
  readonly nullable: VersionRange;
  /** Written in the tag section under this number, or null for an ordinary field. */
  readonly tag: number | null;
  readonly default: DefaultValue;
  /** A version that cannot carry a non-default value drops it instead of failing. */
  readonly ignorable: boolean;
  /** An int64 whose values beyond the safe integers become the nearest safe integer. */
  readonly saturating: boolean;
  /** Keeps the old length prefix in flexible versions too (only the request header's client id). */
  readonly rigid: boolean;
}

export interface StructSchema {
  /** Kafka's name. */
  readonly name: string;
  /** Name of the TypeScript interface: unique in its file. */
  typeName: string;
  /** Versions in which the struct can occur. */
  readonly versions: VersionRange;
  readonly fields: FieldSchema[];
}

export interface MessageSchema {
  readonly name: string;
  /** -1 when the message belongs to no API. */
  readonly apiKey: number;
  readonly versions: VersionRange;
  /** First version with compact lengths and tag sections; Infinity when there is none. */
  readonly flexibleFrom: number;
  readonly root: StructSchema;
  /** All structs; the root is the last. */
  readonly structs: StructSchema[];
}

export interface ApiSchema {
  readonly kind: 'api';
  readonly name: string;
  readonly note: string;
  readonly key: number;
  readonly versions: VersionRange;
  readonly flexibleFrom: number;
  readonly listeners: readonly string[];
  readonly latestUnstable: boolean;
  readonly messages: readonly MessageSchema[];
}

export interface RecordSchema {
  readonly kind: 'record';
  readonly name: string;
  readonly note: string;
  /** The number in front of the key's fields in the partition: which kind of record it is. */
  readonly type: number;
  readonly messages: readonly MessageSchema[];
}

export interface SoloSchema {
  readonly kind: 'data' | 'header';
  readonly name: string;
  readonly note: string;
  readonly messages: readonly MessageSchema[];
}

export type SchemaFile = ApiSchema | RecordSchema | SoloSchema;

export const NEVER: VersionRange = { from: 0, to: -1 };

export function isEmptyRange(range: VersionRange): boolean {
  return range.from > range.to;
}

export function contains(range: VersionRange, version: number): boolean {
  return version >= range.from && version <= range.to;
}

export function intersect(a: VersionRange, b: VersionRange): VersionRange {
  const range = { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) };
  return isEmptyRange(range) ? NEVER : range;
}

export function versionsOf(range: VersionRange): number[] {
  const versions: number[] = [];
  for (let version = range.from; version <= range.to; version++) versions.push(version);
  return versions;
}

/** The struct a field holds, itself or as array element; null for the others. */
export function structOf(type: FieldType): StructSchema | null {
  if (type.kind === 'struct') return type.struct;
  return type.kind === 'array' && typeof type.element !== 'string' ? type.element : null;
}
