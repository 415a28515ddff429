// The clients, in the order of the table. To add one: a file beside this one with a ClientSource, and its name here. If the
// client is a library, write an agent in its language (see ../agent/agent-messages.ts) and use `startAgentClient`; if it is a
// command-line tool, implement InteropClient directly, as kcat.ts does.
import type { ClientSource } from '../client.ts';
import { confluentKafkaPython } from './confluent-kafka-python.ts';
import { franzGo } from './franz-go.ts';
import { javaTools } from './java-tools.ts';
import { kafkajs } from './kafkajs.ts';
import { kcat } from './kcat.ts';
import { platformatic } from './platformatic.ts';

export const allClients: readonly ClientSource[] = [
  kafkajs,
  javaTools,
  platformatic,
  kcat,
  confluentKafkaPython,
  franzGo,
];
