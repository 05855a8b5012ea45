/* SPDX-License-Identifier: Apache-2.0 */
/* Every limit of the product, with its unit. Reaching one is a clear error, never a crash and never silence. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* --- what clients send us --------------------------------------------------------------------------------------- */
#define LIMIT_BODY_BYTES (1024 * 1024)     /* bytes of a request body */
#define LIMIT_JSON_DEPTH 64                /* nested objects and arrays */
#define LIMIT_QUERY_BYTES (32 * 1024)      /* bytes of a query string */
#define LIMIT_SEARCH_BYTES (16 * 1024)     /* bytes of search=, filter= (after decoding); more is refused */
#define LIMIT_FILTER_TERMS 200             /* comparisons in one filter */
#define LIMIT_FILTER_DEPTH 32              /* nested parentheses and nots in one filter */
#define LIMIT_PATH_SEGMENTS 12             /* segments of a request path */
#define LIMIT_PARAMS 64                    /* query parameters of a request */
#define LIMIT_CONNECTIONS 1024             /* connections that the server holds open */
#define LIMIT_CONNECTIONS_PER_ADDRESS 768  /* of those, from one address: the rest stays free for others */
#define LIMIT_CONNECTION_IDLE_S 60         /* seconds without a request before a connection is closed */
#define LIMIT_CONNECTION_BYTES (64 * 1024) /* bytes of header and buffer memory for one connection */
#define LIMIT_IDEMPOTENCY_S (24 * 3600)    /* seconds that an Idempotency-Key is remembered */
#define LIMIT_IDEMPOTENCY_KEY_BYTES 255    /* bytes of an Idempotency-Key */
#define LIMIT_RATE_PER_MINUTE 10000        /* requests of one token in a minute, unless the server is told otherwise */
#define LIMIT_RATE_TOKENS 4096             /* tokens counted apart in one minute; the others share a count */
#define LIMIT_SECRET_BYTES 512             /* bytes of a token in an Authorization header */
#define LIMIT_CURSOR_BYTES 4096            /* bytes of an after= cursor as sent */
#define LIMIT_HEADER_TEXT_CHARS 255        /* characters of a User-Agent that are recorded */
#define LIMIT_API_WAIT_MS (5 * 60 * 1000)  /* milliseconds that one call may wait for an effect */
#define LIMIT_API_ANSWER_BYTES (64 * 1024 * 1024)    /* bytes of an answer of ours */
#define LIMIT_PROXIES 64                             /* networks that forwarded headers are believed from */
#define LIMIT_SESSION_MS ((int64_t)12 * 3600 * 1000) /* milliseconds that somebody stays signed in to the console */
#define LIMIT_SIGN_IN_LINK_MS (3600 * 1000)          /* milliseconds that a link which sets a password is valid */
#define LIMIT_SIGN_IN_FAILURES 5                     /* failures to sign in as one administrator from one client */
#define LIMIT_SIGN_IN_FAILURES_FROM 30               /* failures of one client */
#define LIMIT_SIGN_IN_FAILURES_AS 100                /* failures to sign in as one administrator from anywhere */
#define LIMIT_SIGN_IN_WAIT_MS (5 * 60 * 1000)        /* milliseconds for which failures count */
#define LIMIT_STREAM_WAIT_MS 25000                   /* milliseconds that the event stream waits for something new */
#define LIMIT_ROUTES 512                             /* method and path pairs of the API */

/* --- the directory ---------------------------------------------------------------------------------------------- */
#define LIMIT_PROFILE_BYTES (64 * 1024) /* bytes of one profile as JSON */
#define LIMIT_NAME_CHARS 255            /* characters of a group's or an app's name */
#define LIMIT_LOGIN_CHARS 100           /* characters of a login, as published */
#define LIMIT_LOGIN_CHARS_MIN 5         /* as published */
#define LIMIT_DESCRIPTION_CHARS 1024    /* characters of a group's description */
#define LIMIT_PASSWORD_CHARS 72         /* characters of a password */
#define LIMIT_SCHEMA_ATTRIBUTES 500     /* custom attributes of a schema */

#define LIMIT_RULES 2000         /* group rules, as published */
#define LIMIT_RULE_NAME_CHARS 50 /* characters of a rule's name, as published */
#define LIMIT_RULE_GROUPS 100    /* groups that a rule puts people into, as published; groups it excludes */
#define LIMIT_RULE_EXCLUDED 100  /* people that a rule excludes, as published */
#define LIMIT_RULE_CHAIN 5       /* rules in a row, each caused by a membership that the one before changed */
#define LIMIT_RULE_USERS 500     /* people that one transaction of a rule's activation looks at */
#define LIMIT_RULE_WRITES 200    /* memberships that rules change in one transaction, give or take a person */
#define LIMIT_RULE_PREVIEW 20000 /* people that one preview looks at */

/* --- pages (defaults and maxima as published: Okta's management API) --------------------------------------------- */
#define LIMIT_PAGE_USERS 200
#define LIMIT_PAGE_GROUPS 10000
#define LIMIT_PAGE_GROUP_USERS 1000
#define LIMIT_PAGE_RULES 200
#define LIMIT_PAGE_APPS 200
#define LIMIT_PAGE_PROFILE_MAPPINGS 200
#define LIMIT_PAGE_APP_USERS 500
#define LIMIT_PAGE_APP_GROUPS 200
#define LIMIT_PAGE_MAPPINGS 1000

/* --- the store -------------------------------------------------------------------------------------------------- */
#define LIMIT_COMMIT_JOBS 256     /* jobs in one group commit */
#define LIMIT_COMMIT_MS 10        /* milliseconds of work in one group commit */
#define LIMIT_REACTOR_ROWS 1000   /* rows that one fact may write; what would write more becomes an expand row */
#define LIMIT_EXPAND_ROWS 1000    /* rows that one expand chunk handles, one transaction each */
#define LIMIT_READ_MS 10000       /* milliseconds before a read is interrupted */
#define LIMIT_IMPORT_GONE 100     /* people or memberships that one import transaction ends */
#define LIMIT_IMPORT_ROWS 1000    /* rows in one import transaction */
#define LIMIT_BACKLOG_COUNT 20000 /* accounts that "what would the backlog do" looks at before it answers in part */

/* --- what we send to a target ----------------------------------------------------------------------------------- */
#define LIMIT_ANSWER_BYTES (4 * 1024 * 1024) /* bytes of an answer that is kept whole */
#define LIMIT_ELEMENT_BYTES (256 * 1024)     /* bytes of one element of a streamed list */
#define LIMIT_EXTERNAL_ID_BYTES 1024         /* bytes of an id that a target gives; longer ones count as none */
#define LIMIT_APP_IN_FLIGHT 32               /* requests in flight to one app */
#define LIMIT_IN_FLIGHT 256                  /* requests in flight in all */
#define LIMIT_MEMBERS_PER_REQUEST 100       /* member operations in one PATCH while the target's own limit is unknown */
#define LIMIT_MEMBERS_TOLD 10000            /* the most that an administrator may set that to, and that is learned */
#define LIMIT_MEMBERS_IN_FLIGHT 40000       /* members that all requests in flight name; beyond it requests name few */
#define LIMIT_BATCH_BYTES (2 * 1024 * 1024) /* bytes of ids that one change of members names */
#define LIMIT_INTENT_BYTES (16 * 1024 * 1024) /* bytes of what is kept of it until it is answered: all of it fits */
#define LIMIT_REQUEST_MS 60000    /* milliseconds before a request is given up, unless an administrator said */
#define LIMIT_REQUEST_TOLD_S 120  /* seconds: the most that an administrator may set that to */
#define LIMIT_LEASE_MS 10000      /* milliseconds that a node's lease of apps lasts unless it is prolonged */
#define LIMIT_CONNECT_MS 10000    /* milliseconds to connect */
#define LIMIT_VERIFY_MS 20000     /* milliseconds for "verify this connection" */
#define LIMIT_TOKEN_MS 10000      /* milliseconds before a request for an access token is given up */
#define LIMIT_TOKENS 4096         /* access tokens that are kept in memory */
#define LIMIT_BACKOFF_MIN_MS 1000 /* milliseconds before the first retry */
#define LIMIT_BACKOFF_MAX_MS (5 * 60 * 1000)  /* milliseconds: the cap of the back-off */
#define LIMIT_RETRY_AFTER_MS (60 * 60 * 1000) /* milliseconds that a target may ask us to wait, at most */
#define LIMIT_DELETION_PERCENT 20 /* per cent that may be deleted in a window before the rest is held (default) */
#define LIMIT_DELETION_NUMBER 10  /* so many may be, whatever the per cent (default) */
#define LIMIT_DELETION_NUMBER_MAX 1000000000                 /* the most that may be set */
#define LIMIT_DELETION_WINDOW_MS ((int64_t)24 * 3600 * 1000) /* milliseconds: the window (default) */
#define LIMIT_DELETION_WINDOW_HOURS_MAX 720                  /* hours: the longest window */
#define LIMIT_DELETION_BUCKET_MS (5 * 60 * 1000)             /* milliseconds: how exactly the window slides */
#define LIMIT_HOLD_MS ((int64_t)24 * 3600 * 1000) /* milliseconds after which a hold runs out, and is raised again */
#define LIMIT_HOLD_KEEP_MS                                                                                             \
    ((int64_t)30 * 24 * 3600 * 1000)   /* milliseconds that a hold is listed after its decision                        \
                                        */
#define LIMIT_OVERDUE_MS (3600 * 1000) /* milliseconds after which a deactivation that waits is overdue */
#define LIMIT_DEACTIVATE_WAIT_MS 30000 /* milliseconds that a deactivation waits for the removals before it */
#define LIMIT_FULL_MEMBERS 10000       /* members of a complete list (dialects catalog and custom) */
#define LIMIT_FULL_CHANGES 1000        /* of which differ from what is there; more go as differences */
#define LIMIT_FULL_PUSH_MS 60000       /* milliseconds for which a read is the ground of a complete list */
#define LIMIT_READ_LAG_MS 10000        /* milliseconds that a target's reads may lag behind its writes */

/* --- the record ------------------------------------------------------------------------------------------------- */
#define LIMIT_JOURNAL_DAYS 30                /* days, unless an administrator sets it */
#define LIMIT_SYSTEM_LOG_DAYS 90             /* days, unless an administrator sets it */
#define LIMIT_KEEP_DAYS 3650                 /* the most days that an administrator may set */
#define LIMIT_ACTIVITY_HOURS (31 * 24)       /* hours that counts of what went on are kept */
#define LIMIT_LOG_SCAN 50000                 /* events that one page of the log looks at to find those asked for */
#define LIMIT_LOG_PAGE 1000                  /* events of one page, as published */
#define LIMIT_HOOKS 25                       /* event hooks, as published */
#define LIMIT_HOOK_EVENTS 50                 /* events of one delivery */
#define LIMIT_HOOK_BYTES (512 * 1024)        /* bytes of the events of one delivery; one event is always sent */
#define LIMIT_HOOK_TRIES 20                  /* tries of one delivery: about an hour and a quarter with their pauses */
#define LIMIT_HOOK_MS 10000                  /* milliseconds before a delivery or a verification is given up */
#define LIMIT_HOOK_TYPES 200                 /* event types that one hook subscribes to */
#define LIMIT_HOOK_HEADERS 20                /* headers of its own that a hook sends */
#define LIMIT_HOOK_DELIVERIES 1000           /* deliveries of a hook that are remembered */
#define LIMIT_CAPTURE_MINUTES (24 * 60)      /* minutes that full capture may be on */
#define LIMIT_CAPTURE_BODY_BYTES (64 * 1024) /* bytes of a request that full capture keeps */

#endif
