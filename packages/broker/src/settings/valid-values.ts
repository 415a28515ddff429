// Which values of a type a setting takes, written as in Kafka's documentation so that the definitions stay data:
//
//   [1,...]                     a number, at least 1                      [0,...,1]    from 0 to 1
//   [1,...,9] or -1             from 1 to 9, or -1                        [a, b]       one of these texts (each item, for a LIST)
//   (case insensitive) [a, b]   one of these in whatever case             non-empty string, non-empty list, non-null string
//   [partitionId]:[brokerId],[partitionId]:[brokerId],...                 throttled replicas, or *
//   [latest, earliest, by_duration:PnDTnHnMn.nS]                          a share group's start
//
// The messages are Kafka's, because tools and tests match on them.
import assert from 'node:assert/strict';
import type { SettingValue } from './setting.ts';

/** What is wrong with the value, to stand behind "Invalid value X for configuration Y: "; undefined when it is fine. */
export type Check = (
  value: SettingValue,
  name: string,
) => { readonly shown?: string; readonly problem: string } | undefined;

const checks = new Map<string, Check>();

/** The check that a notation stands for. */
export function checkOf(notation: string): Check {
  let check = checks.get(notation);
  if (check === undefined) {
    check = parseNotation(notation);
    checks.set(notation, check);
  }
  return check;
}

const RANGE = /^\[(-?[\d.]+),\.\.\.(?:,(-?[\d.]+))?\]( or -1)?$/;
const CHOICE = /^(\(case insensitive\) )?\[([^[\]:]+)\]$/;

function parseNotation(notation: string): Check {
  const range = RANGE.exec(notation);
  if (range !== null) {
    return range[3] === undefined
      ? inRange(range[1] as string, range[2])
      : inRangeOrMinusOne(range[1] as string, range[2] as string);
  }
  const choice = CHOICE.exec(notation);
  if (choice !== null) {
    return oneOf((choice[2] as string).split(', '), choice[1] !== undefined);
  }
  if (notation === 'non-empty string') {
    return (value) => (value === '' ? { problem: 'String must be non-empty' } : undefined);
  }
  if (notation.startsWith('[partitionId]')) {
    return throttledReplicas(notation);
  }
  if (notation.startsWith('[latest, earliest, by_duration')) {
    return shareOffsetReset;
  }
  assert(
    notation === 'non-null string' || notation === 'non-empty list',
    `unknown notation of valid values: ${notation}`,
  );
  // A text is never null, and Kafka takes an empty list here as well unless the quorum needs it.
  return () => undefined;
}

function inRange(min: string, max: string | undefined): Check {
  const [least, most] = [Number(min), max === undefined ? Number.POSITIVE_INFINITY : Number(max)];
  return (value) => {
    const number = value as number;
    if (number < least) {
      return { problem: `Value must be at least ${min}` };
    }
    return number > most ? { problem: `Value must be no more than ${max}` } : undefined;
  };
}

function inRangeOrMinusOne(min: string, max: string): Check {
  const within = inRange(min, max);
  return (value, name) =>
    value !== -1 && within(value, name) !== undefined
      ? { problem: `Value must be between ${min} and ${max} or equal to -1` }
      : undefined;
}

function oneOf(choices: readonly string[], ignoreCase: boolean): Check {
  const fold = (text: string): string => (ignoreCase ? text.toUpperCase() : text);
  const allowed = new Set(choices.map(fold));
  const problem = `String must be one of${ignoreCase ? ' (case insensitive)' : ''}: ${choices.join(', ')}`;
  return (value) => {
    const items = Array.isArray(value) ? (value as string[]) : [value as string];
    const wrong = items.find((item) => !allowed.has(fold(item)));
    return wrong === undefined ? undefined : { shown: wrong, problem };
  };
}

function throttledReplicas(notation: string): Check {
  return (value, name) => {
    const items = value as string[];
    if (items.length === 0 || items.join(',') === '*' || items.every((item) => /^\d+:\d+$/.test(item))) {
      return undefined;
    }
    return {
      shown: `[${items.join(', ')}]`,
      problem: `${name} must be the literal '*' or a list of replicas in the following format: ${notation}`,
    };
  };
}

const DURATION = /^by_duration:[+-]?P(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,9})?S)?)?$/i;

function shareOffsetReset(value: SettingValue, name: string): ReturnType<Check> {
  const text = value as string;
  if (text === 'latest' || text === 'earliest' || DURATION.test(text)) {
    return undefined;
  }
  return {
    problem: `Invalid value \`${text}\` for configuration ${name}. The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.`,
  };
}
