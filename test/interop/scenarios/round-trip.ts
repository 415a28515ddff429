// 10,000 keyed records with headers go in with one codec and come out in a group from the earliest offset: all, once, with
// their content, each key's in order. One scenario for each codec.
import { CODECS, type Codec } from '../client.ts';
import { NotOffered, type Scenario } from '../scenario.ts';
import { verifyDeliveryOrder, verifyRecords } from '../verify.ts';
import { newTopic } from './create-topic.ts';
import { readAll } from './read-all.ts';

function roundTrip(codec: Codec): Scenario {
  return {
    name: `10,000 records, ${codec}`,
    async run(context) {
      const { client, rows, name } = context;
      const offered = client.codecs[codec];
      if (offered !== true) throw new NotOffered(offered);
      const topic = await newTopic(context, codec);
      await client.produce(topic, codec, { from: 0, to: rows.length });
      const records = await readAll(
        context,
        { topic, group: name(`${codec}-group`), commits: false },
        rows.length,
      );
      verifyDeliveryOrder(records);
      verifyRecords(client, records, rows);
    },
  };
}

export const roundTrips: readonly Scenario[] = CODECS.map(roundTrip);
