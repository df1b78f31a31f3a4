use super::*;
use serde_json::json;

#[test]
fn an_account_without_webhooks_lists_an_empty_one() {
    let none = webhooks(&json!({ "max_allowed": 5, "webhooks": [{}] })).unwrap();
    assert_eq!(none, Webhooks { webhooks: Vec::new(), max_allowed: Some(5), without_id: Vec::new() });
    for empty in [json!({ "webhooks": [] }), json!({ "webhooks": null })] {
        assert!(webhooks(&empty).unwrap().webhooks.is_empty(), "{empty}");
    }
}

#[test]
fn an_answer_without_a_list_is_not_taken_for_an_empty_one() {
    for odd in [json!({}), json!([]), json!(null), json!({ "webhooks": "none" }), json!({ "webhooks": {} })] {
        assert_eq!(webhooks(&odd), None, "{odd}");
    }
}

#[test]
fn a_webhook_is_read_with_both_spellings_of_its_dates() {
    let found = webhooks(&json!({ "max_allowed": "5", "webhooks": [
        {
            "enabled": true, "url": "https://a.example.com/hook", "id": "77d4a5da-7015-11ed-a1eb-0242ac120002",
            "delivered": true, "spam_report": "true", "open": 0, "click": null, "friendly_name": null,
            "public_key": "MFkw", "created_date": null, "updated_date": "2023-02-15T10:00:00Z",
        },
        { "id": "b", "url": "https://b.example.com", "created_at": "2023-01-01T12:00:00Z" },
        { "url": "https://c.example.com", "enabled": true },
        { "id": "../all", "url": "https://d.example.com" },
    ] }));
    let found = found.unwrap();
    assert_eq!(found.max_allowed, Some(5));
    assert_eq!(found.without_id, ["https://c.example.com", "https://d.example.com"]);
    let [first, second] = found.webhooks.as_slice() else { panic!("{found:?}") };
    assert_eq!(first.toggles.get(&Toggle::SpamReport), Some(&true));
    assert_eq!(first.toggles.get(&Toggle::Open), Some(&false));
    assert_eq!(first.toggles.get(&Toggle::Click), None);
    assert_eq!((first.created_at, first.updated_at.map(|at| at.as_second())), (None, Some(1_676_455_200)));
    assert_eq!(first.public_key.as_deref(), Some("MFkw"));
    assert_eq!(second.created_at.map(|at| at.as_second()), Some(1_672_574_400));
    assert_eq!(found.at("https://b.example.com").map(|webhook| webhook.id.as_str()), Some("b"));
    assert_eq!(found.at("https://b.example.com/"), None);
}

#[test]
fn an_answer_about_one_webhook_may_leave_its_id_out() {
    let asked = WebhookId::parse("asked");
    let body = json!({ "enabled": true, "url": "https://a.example.com" });
    assert_eq!(webhook_of(&body, asked.as_ref()).map(|webhook| webhook.id), asked);
    assert_eq!(webhook_of(&body, None), None);
    assert_eq!(webhook_of(&json!([]), asked.as_ref()), None);
}

#[test]
fn an_empty_key_means_that_signing_is_off() {
    for off in [
        json!({ "id": "a", "public_key": "" }),
        json!({ "public_key": null }),
        json!({ "public_key": "null" }),
        json!({ "public_key": " \n" }),
        json!({}),
    ] {
        assert_eq!(signing(&off), Some(Signing::Off), "{off}");
    }
    let on = json!({ "id": "", "public_key": "MFkw\n" });
    assert_eq!(signing(&on), Some(Signing::On { public_key: "MFkw".to_owned() }));
    assert_eq!(signing(&json!([])), None);
}
