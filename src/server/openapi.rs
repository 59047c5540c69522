//! The API's description, OpenAPI 3.1, made from the table of routes and from the types that travel.
//!
//! Nothing here is written by hand about any one route, so the description cannot fall behind the program.

use utoipa::openapi::Content;
use utoipa::openapi::Info;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::PathsBuilder;
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::Required;
use utoipa::openapi::Response;
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::path::Operation;
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::path::ParameterBuilder;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::schema::Type;

use super::access::Role;
use super::problem;
use super::route::Answer;
use super::route::Route;
use super::route::Shape;
use super::route::Verb;

/// The description of `routes` as JSON text.
pub(super) fn describe<S: Clone + Send + Sync + 'static>(routes: &[Route<S>]) -> String {
    let mut paths = PathsBuilder::new();
    let mut shapes = vec![Shape::of::<problem::Document>()];
    for route in routes {
        shapes.extend(route.takes);
        if let Answer::Json(shape) = route.gives {
            shapes.push(shape);
        }
        let method = match route.verb() {
            Verb::Get => HttpMethod::Get,
            Verb::Post => HttpMethod::Post,
            Verb::Put => HttpMethod::Put,
            Verb::Delete => HttpMethod::Delete,
        };
        paths = paths.path(route.path(), PathItem::new(method, operation(route)));
    }
    let mut components = ComponentsBuilder::new();
    for shape in shapes {
        let mut inner = vec![((shape.name)().into_owned(), (shape.schema)())];
        (shape.inner)(&mut inner);
        components = components.schemas_from_iter(inner);
    }
    let mut info = Info::new("portraitist", env!("CARGO_PKG_VERSION"));
    info.description = Some("Draws a person's portrait in ink. Every refusal is a problem (RFC 9457).".to_owned());
    let api = OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components.build())).build();
    api.to_pretty_json().unwrap_or_default()
}

fn operation<S: Clone + Send + Sync + 'static>(route: &Route<S>) -> Operation {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(operation_id(route.verb(), route.path())))
        .summary(Some(route.about()))
        .description(Some(format!("For {}.", audience(route.needs()))));
    for name in parameters(route.path()) {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(text));
        operation = operation.parameter(parameter.build());
    }
    if let Some(shape) = route.takes {
        let body = RequestBodyBuilder::new().content("application/json", content(shape)).required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    let refused = ResponseBuilder::new()
        .description("A refusal")
        .content(problem::MEDIA_TYPE, content(Shape::of::<problem::Document>()));
    let (status, answer) = answer(route.gives);
    operation.response(status, answer).response("default", refused.build()).build()
}

fn answer(gives: Answer) -> (&'static str, Response) {
    let done = ResponseBuilder::new().description("Done");
    match gives {
        Answer::Nothing => ("204", done.build()),
        Answer::Json(shape) => ("200", done.content("application/json", content(shape)).build()),
        Answer::Media(media) => ("200", done.content(media, Content::default()).build()),
    }
}

fn content(shape: Shape) -> Content {
    Content::new(Some(RefOr::<utoipa::openapi::Schema>::Ref(Ref::from_schema_name((shape.name)().into_owned()))))
}

fn audience(role: Role) -> String {
    match role {
        Role::Anyone => "anyone".to_owned(),
        Role::Visitor => "visitors at the machine's own screen, and operators".to_owned(),
        Role::Operator => "operators".to_owned(),
        Role::Metrics => "collectors of metrics, and operators".to_owned(),
    }
}

/// The names in braces.
fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|piece| piece.strip_prefix('{')?.strip_suffix('}'))
}

/// `getApiV1PreviewPlans` of `GET /api/v1/preview/plans`.
fn operation_id(verb: Verb, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]);
    verb.name().to_ascii_lowercase() + &words.collect::<String>()
}
