// Codes and texts as a Kafka 4.3.1 broker gave them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { alterBrokerLogger, describeBrokerLogger } from './broker-logger-config.ts';
import { ConfigSource } from './config-source.ts';

const SUPPORTED =
  'as it is not a supported log level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN';
const SET = 0;
const DELETE = 1;

describe('the logger of a broker', () => {
  it('is described by its level', () => {
    const described = describeBrokerLogger('0', 0, 'warn');
    assert.ok(!('errorCode' in described));
    assert.deepEqual(
      described.map(({ name, value, configSource }) => [name, value, configSource]),
      [['root', 'WARN', ConfigSource.DYNAMIC_BROKER_LOGGER_CONFIG]],
    );
  });

  for (const [name, problem] of [
    ['', 'Broker id must not be empty'],
    ['x', 'Broker id must be an integer, but it is: x'],
    ['1', 'Unexpected broker id, expected 0 but received 1'],
  ] as const)
    it(`is not that of '${name}'`, () =>
      assert.deepEqual(describeBrokerLogger(name, 0, 'info'), {
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: problem,
      }));

  it('gets another level', () => {
    const configs = [{ name: 'root', value: 'DEBUG', configOperation: SET }];
    assert.deepEqual(alterBrokerLogger({ resourceType: 8, resourceName: '0', configs }, 0), {
      level: 'debug',
    });
  });

  const refusals: readonly [string, string, string | null, number, keyof typeof ErrorCode, string][] = [
    ['0', 'kafka', 'DEBUG', SET, 'INVALID_CONFIG', 'Logger kafka does not exist!'],
    ['0', 'root', 'info', SET, 'INVALID_CONFIG', `Cannot set the log level of root to info ${SUPPORTED}`],
    ['0', 'root', 'OFF', SET, 'INVALID_CONFIG', `Cannot set the log level of root to OFF ${SUPPORTED}`],
    ['0', 'root', null, SET, 'INVALID_REQUEST', 'Null value not supported for : root'],
    [
      '0',
      'root',
      null,
      DELETE,
      'INVALID_REQUEST',
      'Removing the log level of the root logger is not allowed',
    ],
    [
      '0',
      'root',
      'OFF',
      2,
      'INVALID_REQUEST',
      'APPEND operation is not allowed for the BROKER_LOGGER resource',
    ],
    [
      '0',
      'root',
      'OFF',
      3,
      'INVALID_REQUEST',
      'SUBTRACT operation is not allowed for the BROKER_LOGGER resource',
    ],
    ['0', 'root', 'OFF', 9, 'INVALID_REQUEST', 'Unknown operations type 9'],
    ['1', 'root', 'WARN', SET, 'INVALID_REQUEST', 'Unexpected node id. Expected 0, but received 1'],
    ['x', 'root', 'WARN', SET, 'INVALID_REQUEST', 'Node id must be an integer, but it is: x'],
    ['', 'root', 'WARN', SET, 'INVALID_REQUEST', 'Node id must be an integer, but it is: '],
  ];
  for (const [resourceName, name, value, configOperation, code, message] of refusals)
    it(`of '${resourceName}': operation ${configOperation} ${name}=${value} -> ${code}`, () => {
      const altered = { resourceType: 8, resourceName, configs: [{ name, value, configOperation }] };
      assert.deepEqual(alterBrokerLogger(altered, 0), { errorCode: ErrorCode[code], errorMessage: message });
    });
});
