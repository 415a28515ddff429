// The franz-go agent: `franz-go HOST:PORT`. What it says and hears is in ../agent/agent-messages.ts.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const requestTime = 30 * time.Second

var (
	bootstrap string
	admin     *kadm.Client
	joined    *member
	out       = bufio.NewWriter(os.Stdout)
	outLock   sync.Mutex
)

// order is any operation with any of its arguments.
type order struct {
	ID               int64            `json:"id"`
	Op               string           `json:"op"`
	Topic            string           `json:"topic"`
	Partitions       int32            `json:"partitions"`
	Total            int              `json:"total"`
	Codec            string           `json:"codec"`
	File             string           `json:"file"`
	From             int              `json:"from"`
	To               int              `json:"to"`
	Timestamp        int64            `json:"timestamp"`
	Group            string           `json:"group"`
	Commits          bool             `json:"commits"`
	SessionTimeoutMs int64            `json:"sessionTimeoutMs"`
	StartAt          map[string]int64 `json:"startAt"`
}

// say writes one line; the rebalance callbacks come from other goroutines.
func say(message any) {
	outLock.Lock()
	defer outLock.Unlock()
	text, err := json.Marshal(message)
	if err != nil {
		panic(err)
	}
	out.Write(text)
	out.WriteByte('\n')
	out.Flush()
}

func main() {
	bootstrap = os.Args[1]
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.MetadataMinAge(50*time.Millisecond))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	admin = kadm.NewClient(client)
	say(map[string]any{"event": "ready", "version": version()})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			fmt.Fprintln(os.Stderr, "bad order:", err)
			os.Exit(1)
		}
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), requestTime)
			defer cancel()
			if result, err := carryOut(ctx, o); err != nil {
				say(map[string]any{"id": o.ID, "error": err.Error()})
			} else {
				say(map[string]any{"id": o.ID, "result": result})
			}
		}()
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == "github.com/twmb/franz-go" {
				return dependency.Version
			}
		}
	}
	return "unknown"
}

func carryOut(ctx context.Context, o order) (any, error) {
	switch o.Op {
	case "createTopic":
		answer, err := admin.CreateTopic(ctx, o.Partitions, -1, nil, o.Topic)
		if err == nil {
			err = answer.Err
		}
		return nil, err
	case "partitionCount":
		topics, err := admin.ListTopics(ctx, o.Topic)
		return len(topics[o.Topic].Partitions), err
	case "addPartitions":
		answers, err := admin.UpdatePartitions(ctx, o.Total, o.Topic)
		if err == nil {
			err = answers.Error()
		}
		return nil, err
	case "produce":
		return nil, produce(ctx, o)
	case "offsetsForTime":
		listed, err := admin.ListOffsetsAfterMilli(ctx, o.Timestamp, o.Topic)
		if err == nil {
			err = listed.Error()
		}
		offsets := map[int32]int64{}
		listed.Each(func(l kadm.ListedOffset) { offsets[l.Partition] = l.Offset })
		return offsets, err
	case "committed":
		fetched, err := admin.FetchOffsets(ctx, o.Group)
		offsets := map[int32]int64{}
		fetched.Each(func(f kadm.OffsetResponse) { offsets[f.Partition] = f.At })
		return offsets, err
	case "join":
		var err error
		joined, err = join(o)
		return nil, err
	case "leave":
		return nil, joined.leave(ctx)
	}
	return nil, fmt.Errorf("unknown operation %q", o.Op)
}
