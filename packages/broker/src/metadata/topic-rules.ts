// What a topic may be called. Kafka's rules, because a name that one takes the other must take too: names are used in file names,
// and `.` and `_` become the same character in metric names.

const MAX_NAME_LENGTH = 249;
const LEGAL_NAME = /^[a-zA-Z0-9._-]+$/;

/** Why no topic can have the name; undefined when one can. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') {
    return 'Topic name is invalid: the empty string is not allowed';
  }
  if (name === '.' || name === '..') {
    return `Topic name is invalid: '${name}' is not allowed`;
  }
  if (name.length > MAX_NAME_LENGTH) {
    return `Topic name is invalid: the length of '${name}' is longer than the max allowed length ${MAX_NAME_LENGTH}`;
  }
  if (!LEGAL_NAME.test(name)) {
    return `Topic name is invalid: '${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  }
  return undefined;
}

/** A topic other than `name` itself that differs from it only in `.` and `_`; undefined when there is none. */
export function collidingTopic(name: string, topics: Iterable<string>): string | undefined {
  if (!/[._]/.test(name)) {
    return undefined;
  }
  const unified = unify(name);
  for (const topic of topics) {
    if (topic.length === name.length && topic !== name && unify(topic) === unified) {
      return topic;
    }
  }
  return undefined;
}

function unify(name: string): string {
  return name.replaceAll('.', '_');
}
