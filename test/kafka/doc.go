// Package kafkatest starts real Apache Kafka brokers for tests: one or three,
// in KRaft mode, on free ports of the loopback interface. They die with the
// test.
//
// It needs Java 17 and the jars that fetch.sh brings from Maven Central; without
// them tests are skipped and say so. It knows nothing of what is tested.
package kafkatest
