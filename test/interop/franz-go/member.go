package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// member is the one consumer of this process.
type member struct {
	client   *kgo.Client
	commits  bool
	stop     context.CancelFunc
	done     chan struct{}
	lock     sync.Mutex
	assigned map[int32]bool
}

func join(o order) (*member, error) {
	m := &member{commits: o.Commits, done: make(chan struct{}), assigned: map[int32]bool{}}
	changed := func(has bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
			m.change(partitions[o.Topic], has)
		}
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(bootstrap),
		kgo.ConsumerGroup(o.Group),
		kgo.ConsumeTopics(o.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.SessionTimeout(time.Duration(o.SessionTimeoutMs) * time.Millisecond),
		kgo.HeartbeatInterval(500 * time.Millisecond),
		kgo.FetchMaxWait(500 * time.Millisecond),
		kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.MetadataMaxAge(time.Second),
		kgo.OnPartitionsAssigned(changed(true)),
		kgo.OnPartitionsRevoked(changed(false)),
		kgo.OnPartitionsLost(changed(false)),
	}
	if o.StartAt != nil {
		options = append(options, kgo.AdjustFetchOffsetsFn(
			func(_ context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
				for partition := range offsets[o.Topic] {
					if at, ok := o.StartAt[strconv.Itoa(int(partition))]; ok {
						offsets[o.Topic][partition] = kgo.NewOffset().At(at)
					} else {
						offsets[o.Topic][partition] = kgo.NewOffset().AtEnd()
					}
				}
				return offsets, nil
			}))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	m.client = client
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	go m.poll(ctx)
	return m, nil
}

func (m *member) poll(ctx context.Context) {
	defer close(m.done)
	for ctx.Err() == nil {
		fetches := m.client.PollFetches(ctx)
		fetches.EachError(func(_ string, _ int32, err error) {
			if !errors.Is(err, context.Canceled) {
				say(map[string]any{"event": "failed", "error": err.Error()})
			}
		})
		fetches.EachRecord(func(r *kgo.Record) {
			headers := map[string]string{}
			for _, header := range r.Headers {
				headers[header.Key] = string(header.Value)
			}
			say(map[string]any{
				"event": "record", "partition": r.Partition, "offset": r.Offset, "timestamp": r.Timestamp.UnixMilli(),
				"key": string(r.Key), "value": string(r.Value), "headers": headers,
			})
		})
	}
}

func (m *member) change(partitions []int32, has bool) {
	m.lock.Lock()
	defer m.lock.Unlock()
	for _, partition := range partitions {
		if has {
			m.assigned[partition] = true
		} else {
			delete(m.assigned, partition)
		}
	}
	now := []int32{}
	for partition := range m.assigned {
		now = append(now, partition)
	}
	slices.Sort(now)
	say(map[string]any{"event": "assigned", "partitions": now})
}

// leave commits what was polled, if this member commits, and leaves the group.
func (m *member) leave(ctx context.Context) error {
	m.stop()
	<-m.done
	var err error
	if m.commits {
		err = m.client.CommitUncommittedOffsets(ctx)
	}
	m.client.Close()
	return err
}
