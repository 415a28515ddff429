// Fetch: records from many partitions, by a session or in full; waits until there are `minBytes` of them, or something urgent to say, or time is up.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  fetchRequest,
  fetchResponse,
  newFetchResponse,
  type FetchRequest,
  type FetchResponse,
} from '@moldau/protocol/generated/fetch.ts';
import { AclOperation, ResourceType } from '../metadata/acl-binding.ts';
import type { Partition } from '../partition/partition.ts';
import { fetchAnswer, noteAnswered } from './fetch/fetch-answer.ts';
import { exceedsQuota, fetchableBytes } from './fetch/fetch-quota.ts';
import {
  FINAL_EPOCH,
  INITIAL_EPOCH,
  TOPIC_IDS_VERSION,
  targetsOf,
  type FetchSession,
  type FetchTarget,
} from './fetch/fetch-session.ts';
import { readTargets, releasePass, type FetchLimits, type FetchPass } from './fetch/read-targets.ts';
import { defineApi, type RequestContext, type Services } from './services.ts';

/** Who asks, in `isolationLevel`. */
const READ_COMMITTED = 1;

/** What a fetch is about: its partitions, and the session that remembers them, if any. */
interface Plan {
  readonly targets: () => Iterable<FetchTarget>;
  readonly session: FetchSession | undefined;
  /** Only partitions with news are answered. */
  readonly incremental: boolean;
}

export const fetch = defineApi<FetchRequest, FetchResponse>({
  request: fetchRequest,
  response: fetchResponse,
  async handle(services, context, request) {
    const plan = planOf(services, context, request);
    if (typeof plan === 'number') return newFetchResponse({ errorCode: plan });
    const limits: FetchLimits = {
      maxBytes: Math.min(
        request.maxBytes,
        services.settings.fetchMaxBytes,
        fetchableBytes(services, context),
      ),
      readCommitted: request.isolationLevel === READ_COMMITTED,
      mayRead: (topic) => services.access.may(context, AclOperation.READ, ResourceType.TOPIC, topic),
    };
    const pass = await readUntilEnough(services, context, request, plan, limits);
    context.onSent(() => releasePass(pass));
    const { session, incremental } = plan;
    const response = fetchAnswer(services, context.apiVersion, pass, limits, session, incremental);
    if (exceedsQuota(services, context, response)) return nothingNow(services, plan);
    if (session !== undefined) noteAnswered(pass, session, incremental);
    return response;
  },
});

/** The client has to wait. A session that this request was to begin has not begun. */
function nothingNow({ fetchSessions }: Services, { session, incremental }: Plan): FetchResponse {
  if (session === undefined) return newFetchResponse();
  if (incremental) return newFetchResponse({ sessionId: session.id });
  fetchSessions.remove(session.id);
  return newFetchResponse();
}

/** Finds or makes the session. An error code: the client must begin a new one. */
function planOf(services: Services, context: RequestContext, request: FetchRequest): Plan | ErrorCode {
  const version = context.apiVersion;
  const nowMs = services.clock.now();
  const sessions = services.fetchSessions;
  if (request.sessionEpoch === FINAL_EPOCH || request.sessionEpoch === INITIAL_EPOCH) {
    if (request.sessionId !== 0) sessions.remove(request.sessionId);
    const targets = targetsOf(request, version);
    const wanted = request.sessionEpoch === INITIAL_EPOCH && targets.size > 0;
    const session = wanted ? sessions.create(version >= TOPIC_IDS_VERSION, targets, nowMs) : undefined;
    return { targets: () => targets.values(), session, incremental: false };
  }
  const session = sessions.get(request.sessionId);
  if (session === undefined) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
  const error = session.update(request, version, nowMs);
  if (error !== ErrorCode.NONE) return error;
  sessions.touch(session);
  return { targets: () => session.targets(), session, incremental: true };
}

async function readUntilEnough(
  services: Services,
  context: RequestContext,
  request: FetchRequest,
  plan: Plan,
  limits: FetchLimits,
): Promise<FetchPass> {
  let pass = await readTargets(services, plan.targets(), limits);
  if (isEnough(pass, request, limits)) return pass;
  const partitions = new Set<Partition>();
  for (const read of pass.reads) if (read.led.partition !== undefined) partitions.add(read.led.partition);
  const wait = services.waitingFetches.open(partitions, request.maxWaitMs);
  if (wait === undefined) return pass;
  const forget = context.onClosed(() => wait.end('closed'));
  try {
    // Records may have come between the pass and the wait: look again before sleeping.
    releasePass(pass);
    pass = await readTargets(services, plan.targets(), limits);
    while (!isEnough(pass, request, limits)) {
      const reason = await wait.next();
      if (reason === 'closed') break;
      releasePass(pass);
      pass = await readTargets(services, plan.targets(), limits);
      if (reason === 'time') break;
    }
    return pass;
  } finally {
    forget();
    wait.end('closed');
  }
}

function isEnough(pass: FetchPass, request: FetchRequest, limits: FetchLimits): boolean {
  return (
    pass.urgent ||
    request.maxWaitMs <= 0 ||
    pass.reads.length === 0 ||
    pass.byteLength >= Math.min(request.minBytes, limits.maxBytes)
  );
}
