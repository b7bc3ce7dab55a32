CREATE TABLE "LiteLLM_Feedback" (request_id bigint REFERENCES "LiteLLM_Requests", stars smallint NOT NULL);
