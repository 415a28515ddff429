// A setting's value: from text to its type and back to the text that clients are shown, by Kafka's rules and with its messages.
//
// Must stay true: parsing is total (any text gives a value or a problem), and the text of a value parses to the same value again.
import assert from 'node:assert/strict';
import { checkOf } from './valid-values.ts';
import type { SettingDefinition, SettingType, SettingValue } from './setting.ts';

export interface ParsedSetting {
  readonly value: SettingValue;
  /** As Kafka shows it: trimmed, booleans in lower case, numbers without leading zeros, lists without duplicates. */
  readonly text: string;
}

/** The value of `text`, or the whole sentence that says why it has none. */
export function parseSetting(
  definition: SettingDefinition,
  text: string,
): ParsedSetting | { readonly problem: string } {
  const { name, type } = definition;
  const trimmed = trim(text);
  const parsed = parseType(type, trimmed);
  if ('problem' in parsed) {
    return { problem: invalid(name, text, parsed.problem) };
  }
  if (type === 'LIST' && (parsed.value as string[]).includes('')) {
    return { problem: `Configuration '${name}' values must not be empty.` };
  }
  if (definition.valid !== undefined) {
    const wrong = checkOf(definition.valid)(parsed.value, name);
    if (wrong !== undefined) {
      return { problem: invalid(name, wrong.shown ?? parsed.text, wrong.problem) };
    }
  }
  return parsed;
}

function invalid(name: string, shown: string, problem: string): string {
  return `Invalid value ${shown} for configuration ${name}: ${problem}`;
}

function parseType(type: SettingType, trimmed: string): ParsedSetting | { readonly problem: string } {
  switch (type) {
    case 'BOOLEAN': {
      const lower = trimmed.toLowerCase();
      return lower === 'true' || lower === 'false'
        ? { value: lower === 'true', text: lower }
        : { problem: 'Expected value to be either true or false' };
    }
    case 'SHORT':
      return parseInteger(trimmed, 16n) ?? notANumber(type);
    case 'INT':
      return parseInteger(trimmed, 32n) ?? notANumber(type);
    case 'LONG':
      return parseInteger(trimmed, 64n) ?? notANumber(type);
    case 'DOUBLE': {
      const number = parseDouble(trimmed);
      return number === undefined ? notANumber(type) : { value: number, text: doubleText(number) };
    }
    case 'LIST': {
      const items = trimmed === '' ? [] : [...new Set(trimmed.split(/\s*,\s*/))];
      return { value: items, text: items.join(',') };
    }
    case 'STRING':
    case 'CLASS':
    case 'PASSWORD':
      return { value: trimmed, text: trimmed };
    default:
      return assert.fail(`unknown type ${String(type satisfies never)}`);
  }
}

function notANumber(type: SettingType): { readonly problem: string } {
  return { problem: `Not a number of type ${type}` };
}

function parseInteger(text: string, bits: bigint): ParsedSetting | undefined {
  if (!/^[+-]?\d{1,40}$/.test(text)) {
    return undefined;
  }
  const integer = BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (BigInt.asIntN(Number(bits), integer) !== integer) {
    return undefined;
  }
  const value = Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(integer)));
  return { value, text: String(integer) };
}

function parseDouble(text: string): number | undefined {
  if (/^[+-]?(NaN|Infinity)$/.test(text)) {
    return Number(text.replace(/^\+/, '').replace('-NaN', 'NaN'));
  }
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?[df]?$/i.test(text)
    ? Number(text.replace(/[df]$/i, ''))
    : undefined;
}

/** As Java writes a double: always with a fraction, and with an exponent outside 10^-3 to 10^7. */
function doubleText(number: number): string {
  const size = Math.abs(number);
  if (!Number.isFinite(number)) {
    return String(number);
  }
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [digits, exponent] = number.toExponential().split('e') as [string, string];
    return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`;
  }
  const plain = Object.is(number, -0) ? '-0' : String(number);
  return plain.includes('.') ? plain : `${plain}.0`;
}

/** Java's trim: all characters up to the space, and no others. */
function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}
