// Package kafkatest starts real Apache Kafka brokers for tests: one or three,
// in KRaft mode, on free ports of the loopback interface.
//
// It needs Java and the jars that fetch.sh brings from Maven Central; without
// them tests are skipped and say so.
package kafkatest
