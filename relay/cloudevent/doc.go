// Package cloudevent reads and writes CloudEvents 1.0: as HTTP requests, in
// binary and in structured mode, and as messages of a log in the Kafka binding.
//
//	POST /daero/relay/orders            | headers of the message
//	Content-Type: application/json      | content-type: application/json
//	Ce-Specversion: 1.0                 | ce_specversion: 1.0
//	Ce-Id: 7b1f                         | ce_id: 7b1f
//	Ce-Source: /shop                    | ce_source: /shop
//	Ce-Type: kr.shop.ordered            | ce_type: kr.shop.ordered
//	Ce-Subject: %EC%A3%BC%EB%AC%B8      | ce_subject: 주문
//
// In a log an event is always in binary mode, whatever it came as: the data is
// the value, so that who reads it needs no CloudEvents. Batches are not taken:
// their events have keys and fates of their own, and one answer for all of them
// could not say which were kept.
//
// What comes is from strangers: names, lengths and characters are checked, a
// name that comes twice is refused rather than chosen from, and data is passed
// on as it is. The package knows nothing of topics, keys and delivery.
package cloudevent
