// A change of settings as a client asks for it: of one resource, by name, value and operation; and what is wrong with it before any
// setting has been looked at.

export const AlterOperation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;
/** By the number of the operation. */
export const OPERATION_NAMES = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'];

export interface AlteredResource {
  /** As in the protocol, see `ConfigResourceType`. */
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly {
    readonly name: string;
    readonly value: string | null;
    /** See `AlterOperation`. Left out, as in AlterConfigs: SET. */
    readonly configOperation?: number;
  }[];
}

/** Why nobody could carry it out, whatever the resource; undefined: somebody may. */
export function malformedChange(configs: AlteredResource['configs']): string | undefined {
  if (new Set(configs.map(({ name }) => name)).size < configs.length) {
    return 'Error due to duplicate config keys';
  }
  const nulls = configs.filter(
    ({ value, configOperation }) => value === null && configOperation !== AlterOperation.DELETE,
  );
  if (nulls.length > 0) {
    return `Null value not supported for : ${nulls.map(({ name }) => name).join(', ')}`;
  }
  const unknown = configs.find(({ configOperation = 0 }) => OPERATION_NAMES[configOperation] === undefined);
  if (unknown !== undefined) {
    return `Unknown operations type ${unknown.configOperation}`;
  }
  return undefined;
}
