//! What is the sender's and what is SendGrid's.

use super::*;

fn some<T: From<&'static str>>(text: &'static str) -> Option<T> {
    Some(text.into())
}

#[test]
fn what_is_not_sendgrid_s_own_on_this_kind_is_the_sender_s() {
    for (name, members, expected) in [
        (
            "processed",
            r#","New Argument 1":"New Value 1","userid":"7""#,
            some(r#"{"New Argument 1":"New Value 1","userid":"7"}"#),
        ),
        ("delivered", r#","type":"receipt","response":"250 OK""#, some(r#"{"type":"receipt"}"#)),
        ("bounce", r#","type":"bounce","a":"1""#, some(r#"{"a":"1"}"#)),
        (
            "processed",
            r#","reason":"gift","url":"u","ip":"i","attempt":"2""#,
            some(r#"{"attempt":"2","ip":"i","reason":"gift","url":"u"}"#),
        ),
        ("open", r#","status":"paid""#, some(r#"{"status":"paid"}"#)),
        ("click", r#","newsletter":{"newsletter_id":"1"},"sg_template_id":"d-1""#, None),
        ("open", r#","template_id":"mine""#, some(r#"{"template_id":"mine"}"#)),
        (
            "open",
            r#","template_id":"d-1","mc_stats":"singlesend","singlesend_id":"s","phase_id":"send","send_at":"1""#,
            None,
        ),
        (
            "processed",
            r#","marketing_campaign_id":12,"marketing_campaign_name":"n","post_type":"event","sg_user_id":3"#,
            None,
        ),
        ("novelty", r#","type":"t","attempt":1"#, None),
        ("open", "", None),
    ] {
        assert_eq!(read_object(name, members).custom_args, expected, "{name} {members}");
    }
    assert_eq!(read_object("processed", r#","reason":"gift""#).reason, None);
}

#[test]
fn nested_unique_args_are_merged_and_a_flat_argument_wins() {
    for (members, expected) in [
        (r#","unique_args":{"b":"1","a":"2"}"#, some(r#"{"a":"2","b":"1"}"#)),
        (r#","a":"flat","unique_args":{"a":"nested","c":"3"}"#, some(r#"{"a":"flat","c":"3"}"#)),
        (r#","unique_args":{"event":"x","email":"y"}"#, some(r#"{"email":"y","event":"x"}"#)),
        (r#","unique_args":{}"#, None),
        (r#","unique_args":null"#, None),
        (r#","unique_args":"text""#, some(r#"{"unique_args":"text"}"#)),
        (r#","unique_args":"{\"a\":1}""#, some(r#"{"unique_args":"{\"a\":1}"}"#)),
        (r#","unique_args":"x","unique_args":{"a":"1"}"#, some(r#"{"a":"1"}"#)),
        (r#","unique_args":{"a":"1"},"unique_args":["x"]"#, some(r#"{"unique_args":["x"]}"#)),
    ] {
        assert_eq!(read_object("open", members).custom_args, expected, "{members}");
    }
}

#[test]
fn custom_arguments_keep_their_types() {
    let event = read_object(
        "open",
        r#","a":7,"b":true,"c":null,"d":["x", {"y" : 1.50}],"e":"","f":12345678901234567890"#,
    );
    assert_eq!(
        event.custom_args,
        some(r#"{"a":7,"b":true,"c":null,"d":["x",{"y":1.50}],"e":"","f":12345678901234567890}"#)
    );
}

#[test]
fn names_that_only_resemble_sendgrid_s_are_the_sender_s() {
    for members in [
        r#""custom_args":{"a":"1"}"#,
        r#""message":"hello""#,
        r#""smtp_id":"<x@y>""#,
        r#""Email":"other@example.org""#,
        r#""Event":"delivered""#,
        r#""Type":"blocked""#,
        r#"" email":"x""#,
        r#""":"x""#,
    ] {
        let event = read_object("bounce", &format!(",{members}"));
        assert_eq!(event.custom_args, Some(format!("{{{members}}}")));
        assert_eq!((event.kind, event.email), (domain::EventKind::Bounce, some("reader@example.org")));
    }
}
