package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type row struct {
	Key       string            `json:"key"`
	Value     string            `json:"value"`
	Headers   map[string]string `json:"headers"`
	Timestamp int64             `json:"timestamp"`
}

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

// produce sends the rows with a new, idempotent producer and returns when all are acknowledged.
func produce(ctx context.Context, o order) error {
	producer, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(codecs[o.Codec]),
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.DefaultProduceTopic(o.Topic),
	)
	if err != nil {
		return err
	}
	defer producer.Close()
	file, err := os.Open(o.File)
	if err != nil {
		return err
	}
	defer file.Close()
	var failure error
	var once sync.Once
	lines := bufio.NewScanner(file)
	for index := 0; index < o.To && lines.Scan(); index++ {
		if index < o.From {
			continue
		}
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		record := kgo.Record{Key: []byte(r.Key), Value: []byte(r.Value), Timestamp: time.UnixMilli(r.Timestamp)}
		for name, value := range r.Headers {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
		}
		producer.Produce(ctx, &record, func(_ *kgo.Record, err error) {
			if err != nil {
				once.Do(func() { failure = err })
			}
		})
	}
	if err := producer.Flush(ctx); err != nil {
		return err
	}
	return failure
}
